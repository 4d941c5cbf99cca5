"""The doctor's look at the people on call: whether their addresses can be read, and whether there is what speaks."""

import importlib.util

from config.alerts import AlertsSection
from config.secrets import read_secret
from runtime.alerts.mouth import SINK
from runtime.alerts.people import owners_of


def alerts_of(section: AlertsSection) -> str:
    """Return who can be called; ValueError or ConfigError says who cannot, and what to do."""
    networked = False
    for name, ref in owners_of(section).items():
        urls = read_secret(ref).reveal().split()
        if not urls:
            raise ValueError(f"{name} has no address: put one a line into the secret of [alerts.owners.{name}]")
        networked |= any(not url.startswith(SINK) for url in urls)
    if networked and importlib.util.find_spec("apprise") is None:
        raise ValueError("apprise is not installed: install tidegate[alerts]")
    return f"{', '.join(section.owners)}; tidegate alerts test calls everybody once"
