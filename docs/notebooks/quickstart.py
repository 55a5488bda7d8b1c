# %% [markdown]
# # Quickstart
# What is forecast now, as a table. Cells begin with `# %%`: open this file as a notebook in VS Code, PyCharm or with
# Jupytext, or run it as it stands. It needs a running stack (`make demo`) and `gridseal[frames]`.

# %%
import os
from datetime import timedelta

from gridseal.client import ForecastClient, frames

client = ForecastClient(os.environ.get("GRIDSEAL_FORECAST_URL", "http://127.0.0.1:28000"))

# %% [markdown]
# The newest run of every series. A value never stands without its unit, and `q0.05` is the value that the outcome does
# not exceed with probability 0.05: 9 of 10 outcomes are expected between `q0.05` and `q0.95`.

# %%
views = list(client.latest())
table = frames.forecasts(views)
print(table.head())

# %% [markdown]
# What was measured before, as it came with the forecasts.

# %%
measured = frames.actuals(views)
print(measured.tail())

# %% [markdown]
# One series: who made the forecast, on which rung of the fallback ladder, and where its seal stands.

# %%
first = views[0]
print(first.series_id, first.model, first.model_version, "rung", first.rung, "seal", first.seal and first.seal.state)

# %% [markdown]
# What was believed before: the newest run, and what had been said an hour earlier about the same periods.

# %%
belief = client.at(first.series_id, before=[timedelta(hours=1)])
print(frames.beliefs(belief).pivot(index="target_start", columns="before_s", values="q0.5"))

# %% [markdown]
# Every run of the series, newest first.

# %%
runs = list(client.history(first.series_id))
print(len(runs), "runs, the newest issued at", runs[0].issued_at)
client.close()

# %% [markdown]
# The same tables without Python: ask the service for CSV or Parquet.
#
#     curl 'http://127.0.0.1:28000/api/v1/forecasts/latest?format=csv'
#     duckdb -c "FROM 'http://127.0.0.1:28000/api/v1/forecasts/latest?format=parquet'"
