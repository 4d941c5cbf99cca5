"""Nights to test with: two people on call, their addresses in files, and the router of one account."""

import json

from pathlib import Path

import msgspec

from config.alerts import AlertsSection
from runtime.alerts import shelf
from runtime.alerts.router import Router
from runtime.clock import Clock


class Night:
    """People on call whose addresses are files, and the router of one account."""

    def __init__(self, folder: Path, *, escalate_s: float = 600.0, **urls: str) -> None:
        """Give everybody an address: a file of his own, unless another one is named."""
        self.folder, self.state = folder, folder / "state"
        for who in ("ann", "ben"):
            secret = folder / f"{who}.url"
            secret.write_text(f"{urls.get(who, f'sink:{folder / who}')}\n", encoding="utf-8")
            secret.chmod(0o600)
        owners = {who: {"urls": {"file": str(folder / f"{who}.url")}} for who in ("ann", "ben")}
        said = {"owners": owners, "routes": {"page": ["ann", "ben"]}, "escalate_s": max(1.0, escalate_s)}
        self.section = msgspec.structs.replace(msgspec.convert(said, AlertsSection), escalate_s=escalate_s)
        self.routers: list[Router] = []

    def router(self) -> Router:
        """Begin a router, as a daemon does."""
        router = Router(self.state, "acct", self.section, Clock())
        self.routers.append(router)
        router.begin()
        return router

    def heard(self, who: str) -> list[str]:
        """Return the titles of all that somebody was told."""
        file = self.folder / who
        return [json.loads(line)["title"] for line in file.read_text().splitlines()] if file.exists() else []

    def history(self) -> list[str]:
        """Return what has become of alerts."""
        return [line.what for line in shelf.history(self.state) if line.id]

    def close(self) -> None:
        """End its routers."""
        for router in self.routers:
            router.close()
