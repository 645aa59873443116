"""Slack's request signature, version v0 (Slack: "Verifying requests from Slack")."""

import hashlib
import hmac

WINDOW_S = 300


def signed(secret: str, body: bytes, timestamp: str, signature: str, *, now: float) -> bool:
    """Whether Slack signed this very body within five minutes of `now` (epoch seconds). Never raises.

    Compared in constant time and as bytes, because headers may hold anything at all.
    """
    try:
        if abs(now - int(timestamp)) > WINDOW_S:
            return False
        message = b"v0:" + timestamp.encode() + b":" + body
        expected = "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogateescape"))
    except Exception:
        # Whatever a hostile header makes fail, it is not a signature.
        return False
