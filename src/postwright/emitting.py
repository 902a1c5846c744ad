"""Metrics of a function as log lines in the embedded metric format, which CloudWatch reads.

Only functions import this, and only this imports Powertools. A line is printed when an invocation
ends, however it ends; one whose process is killed measures nothing.
"""

from __future__ import annotations

import functools
import itertools
import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from postwright import app
from postwright.measures import METRICS, Measure

NAMESPACE: Final = "Postwright"

_log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any], Any], Any]


def measured(handler: Handler) -> Handler:
    """The handler, with what it measured and what it raised emitted at its end.

    Its answer stays what it is when that fails: a post that is live must not look like an error.
    """

    @functools.wraps(handler)
    def wrapped(event: dict[str, Any], context: Any) -> Any:
        measures = app.current().measures
        try:
            return handler(event, context)
        except Exception as error:
            measures.add("Errors", ErrorClass=type(error).__name__)
            raise
        finally:
            try:
                emit(measures.take())
            except Exception:
                _log.exception("What %s measured is lost.", handler.__module__)

    return wrapped


def emit(measures: Sequence[Measure]) -> None:
    """Print a line for all numbers that are about the same; none where there are none."""
    for _, together in itertools.groupby(sorted(measures, key=_about), key=_about):
        _emit(list(together))


def _about(measure: Measure) -> tuple[Any, ...]:
    return METRICS[measure.name].dimensions, sorted(measure.about.items())


def _emit(measures: Sequence[Measure]) -> None:
    """One line. The dimension `service` keeps deployments in one AWS account apart."""
    from aws_lambda_powertools.metrics import EphemeralMetrics  # most calls measure nothing

    service = os.environ.get("POWERTOOLS_SERVICE_NAME") or "postwright"
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=service)
    about = measures[0].about
    first, *more = METRICS[measures[0].name].dimensions
    for name in first:
        metrics.add_dimension(name, about[name])
    for names in more:
        metrics.add_dimensions(service=service, **{name: about[name] for name in names})
    for measure in measures:
        metrics.add_metric(measure.name, METRICS[measure.name].unit, measure.value)
    metrics.flush_metrics()
