"""A client's month for programs: one object, whose keys stand in `docs/json.md`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from runtime.clients.month import ClientMonth
from runtime.clients.months import date_at
from runtime.clients.valued import Valued


def as_told(m: ClientMonth, files: Sequence[str]) -> dict[str, Any]:
    """Return what is told of a month, and which files were written."""
    zone, terms = m.client.zone, m.terms
    return {
        "ok": m.off == 0.0, "account": m.client.account, "client": m.client.name, "currency": m.currency,
        "month": str(m.month), "zone": zone, "since": m.since, "from": m.from_, "until": m.until, "whole": m.whole,
        "began": _valued(m.began), "ended": _valued(m.ended), "paid_in": m.paid_in, "taken_out": m.taken_out,
        "made": m.made, "closed": m.traded, "opened": m.opened, "mended": m.mended,
        **{name: getattr(m.costs, name) for name in ("commission", "swap", "fee", "other")},
        "off": m.off, "return": m.gained.share, "estimated": m.gained.estimated,
        "return_since": m.gained_since.share, "estimated_since": m.gained_since.estimated,
        "worst": None if m.worst is None else {"day": str(date_at(zone, m.worst.began)), "made": m.worst.made,
                                               "share": m.worst.share},
        "fall": m.fall, "seen": m.seen, "slippage": m.slippage, "slipped": m.slipped,
        "rate": terms.rate if terms else None, "hurdle": terms.hurdle if terms else None,
        "period": terms.period if terms else None,
        "changes": [{"since": str(date_at(zone, at)), **msgspec.structs.asdict(new)} for at, new in m.client.changes],
        "due": [msgspec.structs.asdict(fee) for fee in m.due],
        "running": msgspec.structs.asdict(m.running) if m.running else None,
        "positions": [msgspec.structs.asdict(one) for one in m.ended.positions],
        "trades": [msgspec.structs.asdict(one) | {"net": one.net} for one in m.trades],
        "days": [{"day": str(date_at(zone, d.began)), "worth": d.worth, "flows": d.flows, "made": d.made}
                 for d in m.days],
        "gaps": m.gaps, "files": files,
    }  # fmt: skip


def _valued(at: Valued) -> dict[str, Any]:
    return {
        "balance": at.balance, "floating": at.floating, "worth": at.worth, "priced": at.priced, "source": at.source,
        "unpriced": at.unpriced,
    }  # fmt: skip
