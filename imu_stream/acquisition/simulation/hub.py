"""The virtual air: link controllers that hear each other, in one process or over TCP.

A host is attached either in the same process (`RadioHub.controller`) or as a client of the
hub's TCP port, which speaks HCI packets (H4) with one controller for each client. When a client
goes away, killed or crashed, its peers see what real radios see: silence, then a supervision
timeout.

bumble's controller is made for tests between two hosts. What three sensors and repeated
connects need beyond it stands in `AirLink` and `RadioController`, each with its reason.
"""

import asyncio
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bumble import core, hci, ll
from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport.common import PacketParser

SUPERVISION_TIMEOUT_S = 1.0
"""Radio silence after which a link counts as lost; short, as wearables ask for it."""

_ACL_BYTES = 251
_WRITE_BUFFER_BYTES = 1 << 20
_RSSI = -50
"""Of every radio, dBm."""


class AirLink(LocalLink):
    """Carries packets between controllers, in order, and drops those nobody can hear."""

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        # The base class names the sender by its present random address, but a host may change
        # that while connected (Linux does when it scans); the link's own address is what counts.
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is None or receiver is None:
            return
        # call_soon keeps the order of sending in each direction.
        loop = asyncio.get_running_loop()
        loop.call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_ll_control_pdu(
        self,
        sender_address: hci.Address,
        receiver_address: hci.Address,
        packet: ll.ControlPdu,
    ) -> None:
        # A link may be closed after its other end has gone: nobody hears it, and that is all.
        if self.find_le_controller(receiver_address) is not None:
            super().send_ll_control_pdu(sender_address, receiver_address, packet)

    def lose(self, gone: Controller) -> None:
        """Take `gone` off the air; its peers are told of a supervision timeout."""
        ends = {(link.peer_address, link.self_address) for link in gone.le_connections.values()}
        self.controllers.discard(gone)
        for peer in list(self.controllers):
            for link in list(peer.le_connections.values()):
                if (link.self_address, link.peer_address) in ends:
                    peer.on_le_disconnected(link, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class RadioController(Controller):
    """A link controller fit for several sensors on one adapter."""

    def __init__(self, name: str, link: AirLink) -> None:
        super().__init__(name, link=link)
        # The default of 27 bytes would cut one notification into six HCI packets.
        self.le_acl_data_packet_length = _ACL_BYTES
        self.acl_data_packet_length = _ACL_BYTES
        self.supported_max_tx_octets = _ACL_BYTES
        self.supported_max_rx_octets = _ACL_BYTES
        # Hosts that see these wait for an Enhanced Connection Complete that is never sent.
        self.le_features &= ~(
            hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
        )

    def send_advertising_pdu(self, packet: ll.AdvertisingPdu) -> None:
        # The base class never sends a scan response; names that do not fit beside a long
        # service UUID live there, so it is sent along.
        if isinstance(packet, ll.AdvInd):
            response = self.le_legacy_advertiser.scan_response_data
            packet = _Advertising(packet.advertiser_address, packet.data, response)
        super().send_advertising_pdu(packet)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        if not isinstance(pdu, _Advertising):
            super().on_advertising_pdu(pdu)
            return
        if self.le_scan_enable:
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            self.send_hci_packet(_heard(pdu, kinds.ADV_IND, pdu.data))
            self.send_hci_packet(_heard(pdu, kinds.SCAN_RSP, pdu.scan_response))
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def on_hci_le_create_connection_cancel_command(
        self, command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        # The base class says yes but goes on waiting, so the host would wait for ever.
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is not None:
            self.send_hci_packet(_connection_cancelled(pending.peer_address))
        return super().on_hci_le_create_connection_cancel_command(command)

    def silence(self) -> None:
        """Stop sending anything: the host is gone."""
        self.le_legacy_advertiser.stop()
        for advertising_set in self.advertising_sets.values():
            advertising_set.stop()
        self.host = None


@dataclass
class _Advertising(ll.AdvInd):
    """An advertisement together with what answers those who ask for more.

    Each of the two is at most 31 bytes long, and Linux drops longer ones.
    """

    scan_response: bytes = b""


def _heard(pdu: _Advertising, kind: int, data: bytes) -> hci.HCI_LE_Advertising_Report_Event:
    address = pdu.advertiser_address
    report = hci.HCI_LE_Advertising_Report_Event.Report(
        event_type=kind, address_type=address.address_type, address=address, data=data, rssi=_RSSI
    )
    return hci.HCI_LE_Advertising_Report_Event([report])


def _connection_cancelled(peer: hci.Address) -> hci.HCI_LE_Connection_Complete_Event:
    return hci.HCI_LE_Connection_Complete_Event(
        status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
        connection_handle=0,
        role=hci.Role.CENTRAL,
        peer_address_type=peer.address_type,
        peer_address=peer,
        connection_interval=0,
        peripheral_latency=0,
        supervision_timeout=0,
        central_clock_accuracy=0,
    )


class RadioHub:
    """The air all virtual radios of one run share; open it to let other processes in.

    Use as an async context manager: entering listens on 127.0.0.1, leaving closes every client.
    """

    def __init__(self, supervision_timeout_s: float = SUPERVISION_TIMEOUT_S) -> None:
        self.link = AirLink()  # type: ignore[no-untyped-call]
        self.port = 0
        """TCP port of the open hub."""
        self._supervision_timeout_s = supervision_timeout_s
        self._server: asyncio.Server | None = None
        self._clients: set[_HubClient] = set()

    def controller(self, name: str) -> RadioController:
        """A new controller on this air, for a host in the same process."""
        return RadioController(name, self.link)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _HubClient(self), "127.0.0.1", 0)
        self._server, self.port = server, server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for client in list(self._clients):
            client.close()
        if self._server is not None:
            await self._server.wait_closed()

    def _joined(self, client: "_HubClient") -> None:
        self._clients.add(client)

    def _left(self, client: "_HubClient", controller: RadioController) -> None:
        self._clients.discard(client)
        controller.silence()
        loop = asyncio.get_running_loop()
        loop.call_later(self._supervision_timeout_s, self.link.lose, controller)


class _HubClient(asyncio.Protocol):
    """One TCP client of the hub and its controller; also the controller's host side."""

    def __init__(self, hub: RadioHub) -> None:
        self._hub = hub
        self._controller = hub.controller("client")
        self._parser = PacketParser(self._controller)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        self._controller.host = self
        self._hub._joined(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except core.InvalidPacketError:
            # Not HCI: what follows cannot be made sense of.
            self.close()

    def on_packet(self, packet: bytes) -> None:
        """Controller to host."""
        if self._transport is not None:
            self._transport.write(packet)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._hub._left(self, self._controller)
