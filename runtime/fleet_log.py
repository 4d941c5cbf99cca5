"""The supervisor's own log: one JSON line per event, without the imports of a daemon's."""

import logging

from typing import Protocol, TextIO

import structlog


class Log(Protocol):
    """Where events go: one line each."""

    def info(self, event: str, **said: object) -> object:
        """Tell what happened."""
        ...

    def warning(self, event: str, **said: object) -> object:
        """Tell what somebody should look at."""
        ...


def log_events(stream: TextIO) -> None:
    """Log JSON lines to a stream."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
