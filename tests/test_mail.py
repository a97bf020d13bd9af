"""Mail goes to a real SMTP conversation on loopback; only its far end is ours."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mai_core import mail
from mai_core.errors import BadValue
from mai_core.settings import Settings, load_settings


class SmtpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.taken: list[str] = []
        self.refuses = False


class Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            command = line.decode().strip().upper()
            if command.startswith("RCPT") and self.server.refuses:
                self.say("550 nobody by that name")
            elif command == "DATA":
                self.say("354 go on")
                self.server.taken.append(self.data())
                self.say("250 taken")
            elif command == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def data(self) -> str:
        lines = []
        for line in self.rfile:
            if line.rstrip() == b".":
                break
            lines.append(line.decode())
        return "".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as serving:
        threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True).start()
        yield serving
        serving.shutdown()


def settings_for(port: int, folder: Path) -> Settings:
    environment = {
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_FROM": "mai@firma.example", "SMTP_STARTTLS": "false",
    }  # fmt: skip
    return load_settings(environment, folder / ".env")


def test_a_mail_is_delivered_with_its_attachment(server: SmtpServer, tmp_path: Path) -> None:
    settings = settings_for(server.server_address[1], tmp_path)
    mail.send(settings, "anna@acme.example", "Zużycie", "Dzień dobry", (("a.csv", b"x", "text/csv"),))
    [message] = server.taken
    assert "To: anna@acme.example" in message
    assert "Auto-Submitted: auto-generated" in message
    assert 'filename="a.csv"' in message


def test_a_refusal_says_who_refused(server: SmtpServer, tmp_path: Path) -> None:
    server.refuses = True
    with pytest.raises(mail.MailNotSent, match=r"127\.0\.0\.1:"):
        mail.send(settings_for(server.server_address[1], tmp_path), "x@acme.example", "s", "t")
    assert server.taken == []


def test_without_a_mail_server_nothing_can_be_sent(settings: Settings) -> None:
    assert not mail.can_send(settings)
    with pytest.raises(mail.MailNotSent, match="SMTP_HOST"):
        mail.send(settings, "x@acme.example", "s", "t")


@pytest.mark.parametrize("to", ["x@y.zz\r\nBcc: all@y.zz", "x@y.zz\n"])
def test_an_address_cannot_bring_headers_along(to: str) -> None:
    with pytest.raises(BadValue):
        mail.compose("mai@firma.example", to, "s", "t")


def test_an_encoded_address_cannot_bring_another_one_along() -> None:
    """Decoded it reads `x@y.zz,@acme.example`: two addresses."""
    with pytest.raises(BadValue):
        mail.compose("mai@firma.example", "=?utf-8?q?x=40y=2ezz=2c?=@acme.example", "s", "t")


def test_the_name_of_a_client_cannot_bring_headers_along() -> None:
    subject = "ACME =?utf-8?q?=0d=0aBcc:_all=40y=2ezz?=, week 42: 1.00 USD"
    lines = mail.compose("mai@firma.example", "x@acme.example", subject, "t").as_bytes().splitlines()
    assert [line for line in lines if line.startswith(b"Bcc")] == []
    assert b"Subject: ACME" in lines[2]


def test_the_user_is_the_sender_when_none_is_named(tmp_path: Path) -> None:
    settings = load_settings({"SMTP_HOST": "h", "SMTP_USER": "mai@firma.example"}, tmp_path / ".env")
    assert mail.sender(settings) == "mai@firma.example"
    assert mail.sender(load_settings({"SMTP_HOST": "h", "SMTP_USER": "mai"}, tmp_path / ".env")) == ""
