"""The compose file: who is believed about the browser's address."""

from __future__ import annotations

import re

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mai_core.onboarding.chain import TEMPLATE


def test_behind_the_proxy_every_browser_has_its_own_address() -> None:
    """Logins are throttled by it; the proxy on the host is seen as the gateway of the container's network."""
    found = re.search(r"^ +FORWARDED_ALLOW_IPS: (\S+)$", TEMPLATE.read_text(), re.MULTILINE)
    assert found
    trusted = ProxyHeadersMiddleware(None, trusted_hosts=found[1]).trusted_hosts  # type: ignore[arg-type]
    assert "172.18.0.1" in trusted
    assert "127.0.0.1" in trusted
    assert "203.0.113.9" not in trusted
    assert not trusted.always_trust
