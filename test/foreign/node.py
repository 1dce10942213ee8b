"""A node in another language: it syncs and reports with a certificate, and is refused without one.

usage: node.py STUBS ADDRESS CA KEY CERTIFICATE SUBSCRIPTION DEVICE
"""

import queue
import sys

import grpc

stubs, address, ca, key, certificate, subscription, device = sys.argv[1:]
sys.path.insert(0, stubs)

from turnpike.v1 import sync_pb2, sync_pb2_grpc, usage_pb2, usage_pb2_grpc  # noqa: E402

# As the agent: the name in the controller's certificate is not the address.
NAME = [("grpc.ssl_target_name_override", "controller.turnpike.internal")]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sending(messages):
    while (message := messages.get()) is not None:
        yield message


def channel(shown):
    pair = (read(key), read(certificate)) if shown else (None, None)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(read(ca), *pair), NAME)


def hello():
    return sync_pb2.SyncRequest(
        hello=sync_pb2.Hello(
            agent_version="foreign",
            wireguard_public_key=bytes([7]) * 32,
            wireguard_driver="userspace",
            ipv6=True,
            instance=bytes([9]) * 16,
        )
    )


def sync(over):
    out = queue.SimpleQueue()
    out.put(hello())
    devices, subscriptions = {}, {}
    for answer in sync_pb2_grpc.SyncServiceStub(over).Sync(sending(out), timeout=30):
        kind = answer.WhichOneof("message")
        if kind == "settings":
            assert answer.settings.listen_port > 0
        elif kind == "delta":
            devices.update({one.id: one for one in answer.delta.devices})
            subscriptions.update({one.id: one for one in answer.delta.subscriptions})
        elif kind == "caught_up":
            out.put(sync_pb2.SyncRequest(applied=sync_pb2.Applied(revision=answer.caught_up.revision)))
            out.put(None)
            break
    assert list(devices) == [device], devices
    return subscriptions[subscription]


def report(over, granted):
    out = queue.SimpleQueue()
    used = usage_pb2.DeviceUsage(device_id=device, period=1, upload_bytes=1000, download_bytes=234)
    entry = usage_pb2.SubscriptionUsage(
        subscription_id=subscription, period=1, granted_bytes=granted.granted_bytes, voucher=granted.voucher
    )
    answers = usage_pb2_grpc.UsageServiceStub(over).Report(sending(out), timeout=30)
    # The second time nothing is booked.
    for _ in range(2):
        out.put(usage_pb2.ReportRequest(number=1, devices=[used], subscriptions=[entry]))
        assert next(answers).number == 1
    out.put(None)


def refused():
    out = queue.SimpleQueue()
    out.put(hello())
    try:
        next(iter(sync_pb2_grpc.SyncServiceStub(channel(False)).Sync(sending(out), timeout=10)))
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error.code()
    else:
        raise AssertionError("a node without a certificate was served")


with channel(True) as over:
    report(over, sync(over))
refused()
print("synced, reported, and was refused without a certificate")
