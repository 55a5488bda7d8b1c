# %% [markdown]
# # Were the forecasts any good?
# Only what was really issued counts: for every period the forecast that stood a fixed lead time before it, beside what
# was measured. Nothing is computed afterwards, so nothing can leak.

# %%
import os
from datetime import timedelta

import pandas as pd

from gridseal.client import ForecastClient, frames

LEAD = timedelta(hours=1)
client = ForecastClient(os.environ.get("GRIDSEAL_FORECAST_URL", "http://127.0.0.1:28000"))
series_id = os.environ.get("SERIES_ID") or next(client.latest()).series_id

# %% [markdown]
# The periods of the last day, and for each what was believed `LEAD` before it began.

# %%
now = client.summary().as_at
whole = client.at(series_id, now, begin=now - timedelta(days=1), end=now)
measured = {actual.period_start: actual.mean_milli / 1_000 for actual in whole.actuals if actual.complete}
rows = []
for start, value in measured.items():
    known = client.at(series_id, start - LEAD, begin=start, end=start + timedelta(seconds=whole.resolution_s))
    rows += [row | {"actual": value} for row in frames.belief_rows(known)]
scored = pd.DataFrame(rows)
print(scored.head())

# %% [markdown]
# Pinball loss at each level; twice its mean over evenly spaced levels approaches the CRPS. Coverage: how often the
# outcome lay in the band, beside how often it should.

# %%
levels = {name: float(name[1:]) for name in scored.columns if name.startswith("q0.")}
loss = pd.DataFrame(
    {
        name: (scored["actual"] - scored[name]).map(lambda d, level=level: max(level * d, (level - 1) * d))
        for name, level in levels.items()
    }
)
low, high = min(levels, key=levels.__getitem__), max(levels, key=levels.__getitem__)
coverage = scored["actual"].between(scored[low], scored[high]).mean()
print(loss.mean())
print(f"{coverage:.0%} of {len(scored)} outcomes in the band that is meant to hold {levels[high] - levels[low]:.0%}")

# %% [markdown]
# The same periods as they looked to a forecaster who repeats the value measured last before `LEAD`: worth beating.

# %%
known_then = pd.Series(measured).sort_index()
naive = pd.Series({start: known_then.asof(start - LEAD - timedelta(seconds=whole.resolution_s)) for start in measured})
errors = (naive - known_then).abs().dropna()
print(
    f"mean absolute error: median forecast {(scored['q0.5'] - scored['actual']).abs().mean():.1f}, "
    f"last value {errors.mean():.1f} {whole.unit}"
)
client.close()
