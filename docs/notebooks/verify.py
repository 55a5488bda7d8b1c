# %% [markdown]
# # Was it really said before?
# A proof file holds a forecast, its place in the Merkle tree, the signature and the transaction. The checks here are
# those of `gridseal verify`; once the file is there, they ask none of our services, only a node that you choose.

# %%
import os

import httpx

from gridseal.client import ForecastClient, verify

settlement = os.environ.get("GRIDSEAL_SETTLEMENT_URL", "http://127.0.0.1:28020")
rpc_url = os.environ.get("CHAIN_RPC_URL") or None

# %% [markdown]
# The newest sealed run of some series, unless one is named.

# %%
run_id, series_id = os.environ.get("RUN_ID", ""), os.environ.get("SERIES_ID", "")
if not run_id:
    with ForecastClient(os.environ.get("GRIDSEAL_FORECAST_URL", "http://127.0.0.1:28000")) as client:
        view = next(v for v in client.latest() if v.seal and v.seal.state in ("mined", "final"))
    run_id, series_id = view.run_id, view.series_id

# %%
address = f"{settlement}/api/v1/settlements/runs/{run_id}/proof"
proof = httpx.get(address, params={"series_id": series_id}).raise_for_status().content
print(len(proof), "bytes")

# %% [markdown]
# Each check by its name. Without a node the file is only consistent with itself, and that is not called verified.

# %%
verdict = verify(proof, rpc_url)
for check in verdict.checks:
    print("ok  " if check.passed else "FAIL", check.name, "-", check.detail)
print("verified" if verdict.verified else "not verified: the chain was not asked" if not rpc_url else "NOT VERIFIED")

# %% [markdown]
# A single digit more or less, and it is refused.

# %%
forged = verify(proof.replace(b'"slot":"20', b'"slot":"21', 1), None)
print([check.name for check in forged.checks if not check.passed])
