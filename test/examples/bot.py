#!/usr/bin/env python3
"""A shop's bot, written against docs/api.md and /openapi.json alone, with nothing but Python's standard library.

    export TURNPIKE_URL=http://127.0.0.1:8080 TURNPIKE_API_KEY=turnpike_...      (an API key with the scope "subscriptions")
    bot.py sell ACCOUNT TARIFF NODE ORDER     a subscription with a first device; prints its configuration
    bot.py top-up ACCOUNT BYTES REFERENCE     both once for each order or reference, however often they are called
    bot.py usage ACCOUNT
    export TURNPIKE_WEBHOOK_SECRET=whsec_...
    bot.py webhooks PORT                      takes what Turnpike posts, and prints what is signed
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

TOLERANCE_SECONDS = 300
TRY_AGAIN = ("too-many-requests", "idempotency-in-flight", "unavailable", "environment")


class Problem(Exception):
    """RFC 9457: `type` is for programs, `detail` for people."""

    def __init__(self, document):
        super().__init__(document.get("detail", document.get("title")))
        self.type = document.get("type", "").rpartition(":")[2]


def ask(method, path, body=None, once=None):
    """One request. A change goes with an Idempotency-Key: sent again after a lost answer, or for the same order, it is made once.
    `once`: what it is for, as short or long as it may be; the key is made of it."""
    headers = {"Authorization": f"Bearer {os.environ['TURNPIKE_API_KEY']}"}
    if body is not None:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid5(uuid.NAMESPACE_URL, once) if once else uuid.uuid4())}
    url, payload = os.environ["TURNPIKE_URL"] + path, json.dumps(body).encode() if body is not None else None
    for attempt in range(4):
        try:
            request = urllib.request.Request(url, payload, headers, method=method)
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read().decode()
                return json.loads(text) if "json" in answer.headers["Content-Type"] else text
        except urllib.error.HTTPError as refused:
            problem = Problem(json.load(refused))
            if problem.type not in TRY_AGAIN or attempt == 3:
                raise problem from None
            time.sleep(float(refused.headers.get("Retry-After", 1)))
        except OSError:
            if attempt == 3:
                raise
            time.sleep(2**attempt)


def quoted(name):
    return urllib.parse.quote(name, safe="")


def sell(account, tariff, node, order):
    try:
        ask("POST", "/v1/accounts", {"reference": account})
    except Problem as problem:
        if problem.type != "conflict":  # a customer of ours already
            raise
    subscription = ask("POST", "/v1/subscriptions", {"account": account, "tariff": tariff}, f"sale {order}")
    added = ask("POST", "/v1/devices", {"subscription": subscription["id"], "label": "phone"}, f"phone {order}")
    device = quoted(added["device"]["id"])
    print(ask("POST", f"/v1/devices/{device}/config", {"node": node, "privateKey": added["privateKey"]}), end="")


def top_up(account, size, reference):
    body = {"bytes": size, "reason": "purchase", "reference": reference}
    pack = ask("POST", f"/v1/subscriptions/{quoted(account)}/adjustments", body)
    print(f"{int(pack['bytes']):,} bytes added by {pack['id']}")


def usage(account):
    used = ask("GET", f"/v1/usage?subscription={quoted(account)}")
    volume = used["volumeBytes"]  # null: unlimited
    print(f"{int(used['usedBytes']):,} of {'any number of' if volume is None else f'{int(volume):,}'} bytes used")


def is_signed(secret, headers, body):
    """Standard Webhooks: HMAC-SHA256 over id, time and body; several signatures while a secret is rotated."""
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > TOLERANCE_SECONDS:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    sent = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(wanted.encode(), one) for one in sent)


class Receiver(http.server.BaseHTTPRequestHandler):
    secret = os.environ.get("TURNPIKE_WEBHOOK_SECRET", "")
    seen = set()  # a shop keeps these in its database

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        signed = is_signed(self.secret, self.headers, body)
        if signed and self.headers["webhook-id"] not in self.seen:
            self.seen.add(self.headers["webhook-id"])
            event = json.loads(body)
            print(event["type"], event["data"]["subscriptionId"], json.dumps(event["data"]["data"]), flush=True)
        self.send_response(204 if signed else 401)
        self.end_headers()

    def log_message(self, *_):
        """Not who called."""


def webhooks(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    verbs = {"sell": sell, "top-up": top_up, "usage": usage, "webhooks": webhooks}
    verb = verbs.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if verb is None or verb.__code__.co_argcount != len(sys.argv) - 2:
        sys.exit(__doc__)
    try:
        verb(*sys.argv[2:])
    except Problem as problem:
        sys.exit(f"{problem.type}: {problem}")
