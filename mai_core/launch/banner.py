"""What a person reads when everything is up. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from mai_core.identity.callers import ROLES

_WIDTH = 78


def demo_link(app_url: str, role: str) -> str:
    return f"{app_url}/auth/demo-login?role={role}"


def curl_line(api_url: str, token: str, subject: str, model: str) -> str:
    """One event whose effect appears on Overview; every run of the line is a new generation."""
    event = (
        '{"specversion":"1.0","type":"generation","source":"curl","id":"gen-\'$(date +%s)\'-curl",'
        f'"subject":"{subject}","data":{{"model":"{model}","prompt_tokens":1200,"completion_tokens":300,"cost":0.05}}}}'
    )
    return (
        f"curl -sS -w 'HTTP %{{http_code}}\\n' {api_url}/api/v1/events -H 'Authorization: Bearer {token}' \\\n"
        f"       -H 'Content-Type: application/cloudevents+json' \\\n"
        f"       -d '{event}'"
    )


def banner(app_url: str, api_url: str, *, demo: bool, data_dir: str, curl: str) -> str:
    lines = [f"  mAI Usage is running:  {app_url}"]
    if demo:
        lines += ["  Demo: the data is made up, a new event arrives every few seconds. See it as", ""]
        lines += [f"    {role:<11} {demo_link(app_url, role)}" for role in ROLES]
    lines += ["", f"  API        {api_url}/docs", f"  Data       {data_dir}"]
    lines += ["", f"  Send an event and watch it appear on {app_url} within two seconds:", "", f"  {curl}"]
    if demo:
        lines += ["", "  Set up a real client:  python generate_client_env.py   (or: python -m mai_core onboard)"]
    lines += ["", "  Ctrl-C stops everything."]
    return framed(lines)


def framed(lines: Sequence[str]) -> str:
    rule = "=" * _WIDTH
    return "\n".join(["", rule, *lines, rule, ""])
