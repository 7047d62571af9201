"""Trying again with back-off, by stamina; a retry is a line in the log, never on standard output."""

import stamina.instrumentation
from stamina import retry_context

stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.LoggingOnRetryHook])

__all__ = ["retry_context"]
