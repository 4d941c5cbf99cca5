"""The doctor's look at the people on call."""

from pathlib import Path

import pytest

from config.alerts import AlertsSection, OwnerSection, RoutesSection
from config.errors import ConfigError
from config.secrets import SecretRef
from runtime.doctor_alerts import alerts_of


def section(file: Path) -> AlertsSection:
    """Return people on call whose addresses are in a file."""
    return AlertsSection(
        owners={"ann": OwnerSection(urls=SecretRef(file=str(file)))}, routes=RoutesSection(page=("ann",))
    )


def test_who_can_be_called_is_named(tmp_path: Path) -> None:
    """By name, never by address."""
    file = tmp_path / "urls"
    file.write_text("json://user:password@example.org\n", encoding="utf-8")
    file.chmod(0o600)
    said = alerts_of(section(file))

    assert said.startswith("ann;")
    assert "password" not in said


def test_who_cannot_be_called_is_named_with_what_to_do(tmp_path: Path) -> None:
    """A file that is not there, open to others, or holds nothing."""
    file = tmp_path / "urls"
    with pytest.raises(ConfigError, match="cannot be read"):
        alerts_of(section(file))
    file.write_text(" \n", encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        alerts_of(section(file))
    file.chmod(0o600)
    with pytest.raises(ValueError, match="ann has no address"):
        alerts_of(section(file))
