"""One way out for e-mail. Plain text: nothing to render, nothing to track, readable anywhere."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from mai_core.errors import BadValue, MaiError
from mai_core.settings import Settings

TIMEOUT_S = 15
ENCODED = "=?"
"""How an encoded word begins (RFC 2047): the library decodes it where it stands, line ends and commas too."""


class MailNotSent(MaiError):
    """The mail server refused or could not be reached; what was to be sent has to go another way."""


def can_send(settings: Settings) -> bool:
    return bool(settings.smtp_host and sender(settings))


def sender(settings: Settings) -> str:
    return settings.smtp_from or (settings.smtp_user if "@" in settings.smtp_user else "")


def send(
    settings: Settings, to: str, subject: str, text: str, attachments: tuple[tuple[str, bytes, str], ...] = ()
) -> None:
    """Attachments are (file name, content, media type). Raises MailNotSent with the server's reason."""
    if not can_send(settings):
        raise MailNotSent("no mail server is set up: set SMTP_HOST and SMTP_FROM")
    message = compose(sender(settings), to, subject, text, attachments)
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S) as server:
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent(
            f"the mail server {settings.smtp_host}:{settings.smtp_port} did not take it: {error}"
        ) from None


def compose(
    from_address: str, to: str, subject: str, text: str, attachments: tuple[tuple[str, bytes, str], ...] = ()
) -> EmailMessage:
    if any(letter in value for value in (from_address, to, subject) for letter in "\r\n\x00"):
        raise BadValue("e-mail", "addresses and subject must be one line")
    if ENCODED in to:
        raise BadValue("e-mail", "an address must be written out, not encoded")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = from_address, to, subject.replace(ENCODED, "= ?")
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=from_address.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    for name, content, media_type in attachments:
        main, _, sub = media_type.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message
