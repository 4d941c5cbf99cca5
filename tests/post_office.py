"""A mail server of this machine, as a process of its own: whoever knows the password leaves mail, a file keeps it.

`post_office.py FILE USER PASSWORD [CERTIFICATES]` tells its port in a line, writes each mail as a line of JSON, ends
with its stdin. With a folder of certificates it hears nobody who has not begun TLS.
"""

import asyncio
import json
import ssl
import subprocess
import sys

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


class PostOffice:
    """The mail server, and what was left there."""

    def __init__(self, file: Path, user: str, password: str, *certificates: str) -> None:
        """Start it; it ends with us."""
        self.file = file
        command = [sys.executable, "-m", "tests.post_office", str(file), user, password, *certificates]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def mails(self) -> list[tuple[list[str], EmailMessage]]:
        """Return to whom each mail was addressed, and the mail."""
        lines = self.file.read_text(encoding="utf-8").splitlines() if self.file.exists() else []
        told = [json.loads(line) for line in lines]
        parser = BytesParser(EmailMessage, policy=policy.default)
        return [(one["to"], parser.parsebytes(one["mail"].encode("latin-1"))) for one in told]

    def close(self) -> None:
        """End it."""
        self.process.communicate(timeout=20.0)


async def serve(file: str, user: str, password: str, *certificates: str) -> None:
    """Take mail until stdin ends."""
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session  # noqa: PLC0415 - in its process only

    class Kept:
        """Keeps what comes."""

        async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
            """Take one mail."""
            assert isinstance(envelope.content, bytes)
            line = json.dumps({"to": envelope.rcpt_tos, "mail": envelope.content.decode("latin-1")})
            with Path(file).open("a", encoding="utf-8") as kept:  # noqa: ASYNC230 - one mail at a time
                kept.write(line + "\n")
            return "250 OK"

    def known(_server: SMTP, _session: Session, _envelope: Envelope, _kind: str, shown: LoginPassword) -> AuthResult:
        good = (shown.login, shown.password) == (user.encode(), password.encode())
        return AuthResult(success=good, handled=False)  # the server answers

    tls: ssl.SSLContext | None = None
    for folder in certificates:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(f"{folder}/server.crt", f"{folder}/server.key")

    def told() -> SMTP:
        return SMTP(
            Kept(), authenticator=known, auth_required=True, auth_require_tls=tls is not None, tls_context=tls,
            require_starttls=tls is not None,
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(told, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
