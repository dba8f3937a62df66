"""The virtual machine's Bluetooth adapter: HCI packets between a virtio port and the kernel.

As long as the other side of the port is there, the kernel has an adapter; when it goes, the
adapter is unplugged. The port is a stream of bytes, /dev/vhci takes and gives whole packets.
"""

import os
import select
import sys
import time
from pathlib import Path

READ_BYTES = 1 << 16
CREATE_ADAPTER = b"\xff\x00"
VENDOR = 0xFF
"""What the kernel tells about the adapter itself; not for the radio."""
PARAMETERS = {1: (3, 1), 2: (3, 2), 3: (3, 1), 4: (2, 1), 5: (3, 2)}
"""By kind of packet: where its length stands, and in how many bytes."""
LOOK_S = 0.05


def main() -> None:
    port = os.open(port_named("hci"), os.O_RDWR)
    while True:
        while is_open(port):
            carry(port)
        time.sleep(LOOK_S)


def port_named(name: str) -> str:
    for entry in Path("/sys/class/virtio-ports").iterdir():
        if (entry / "name").read_text().strip() == name:
            return f"/dev/{entry.name}"
    sys.exit(f"there is no virtio port {name!r}")


def is_open(port: int) -> bool:
    poll = select.poll()
    poll.register(port, select.POLLIN)
    return not any(event & select.POLLHUP for _, event in poll.poll(0))


def carry(port: int) -> None:
    """Be plugged in until the other side of the port goes."""
    vhci = os.open("/dev/vhci", os.O_RDWR)
    os.write(vhci, CREATE_ADAPTER)
    poll = select.poll()
    poll.register(port, select.POLLIN)
    poll.register(vhci, select.POLLIN)
    received = b""
    try:
        while True:
            for ready, _ in poll.poll():
                if ready == vhci:
                    to_radio(port, os.read(vhci, READ_BYTES))
                elif more := os.read(port, READ_BYTES):
                    received = to_kernel(vhci, received + more)
                else:
                    return
    finally:
        os.close(vhci)


def to_radio(port: int, packet: bytes) -> None:
    if packet[0] != VENDOR:
        os.write(port, packet)


def to_kernel(vhci: int, received: bytes) -> bytes:
    """Hand over every whole packet; what is left."""
    while (end := packet_end(received)) is not None and end <= len(received):
        os.write(vhci, received[:end])
        received = received[end:]
    return received


def packet_end(received: bytes) -> int | None:
    """Length of the packet that begins here; None while that is not known yet."""
    if not received:
        return None
    place, size = PARAMETERS[received[0]]
    if len(received) < place + size:
        return None
    return place + size + int.from_bytes(received[place : place + size], "little")


if __name__ == "__main__":
    main()
