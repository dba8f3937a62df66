"""Live foot-strike type and trunk lean from wearable motion sensors."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("imu-stream")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"
