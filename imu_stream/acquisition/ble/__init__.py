"""Bluetooth LE sensors as a stream of frames; the only product code that knows bleak.

`find` looks for the sensors, `BleSource` keeps a `SensorLink` to each and yields what they send:

    async with BleSource(plans, clock) as source:      # entered when every sensor streams
        async for item in source:                      # Frame | LinkState, as they arrive
            ...

A link lives through CONNECTING, SETTING_UP, STREAMING and ends as LOST or STOPPED; a lost sensor
is data, not an error: its link is made anew, with growing pauses, until the source is closed.
"""

from imu_stream.acquisition.ble.link import SensorLink
from imu_stream.acquisition.ble.plan import Patience, SensorPlan
from imu_stream.acquisition.ble.scanning import Found, find, scan
from imu_stream.acquisition.ble.source import BleSource

__all__ = ["BleSource", "Found", "Patience", "SensorLink", "SensorPlan", "find", "scan"]
