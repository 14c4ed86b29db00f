"""What was measured, as text. Decides nothing."""

from __future__ import annotations

from statistics import median

from bench.steps import Result


def line(result: Result) -> str:
    """One result for somebody who watches."""
    one, eight = result.single[1], result.single[8]
    return (
        f"{result.store}, {result.movements} movements, {result.server}: "
        f"1 client {median(one.rate):.0f}/s of {median(one.limit):.0f} ({one.share:.0%}); "
        f"8 clients {median(eight.rate):.0f}/s of {median(eight.limit):.0f} ({eight.share:.0%}), "
        f"p50 {median(eight.p50) * 1000:.1f} ms, p95/p50 {eight.spread:.1f}, "
        f"CPU {median(eight.cpu):.2f} ms over {median(eight.limit_cpu):.2f}; "
        f"bulk {median(result.bulk_rate):.0f}/s ({result.bulk_share:.1f}x); failed {result.failed}; "
        f"{result.memory:.0f} MiB; {median(result.fsyncs):.0f} fsyncs/s"
    )
