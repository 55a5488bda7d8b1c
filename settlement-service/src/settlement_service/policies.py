"""Who may use which route: the least role.

Nobody has to be known to sign in. What is on the chain, or is let in by a hash that is on it, anybody may give who may
look; sealing by hand is the authority's.
"""

from typing import Final

from gridseal.access.policies import Policies

POLICIES: Final[Policies] = {
    "getAbi": "viewer",
    "getAccount": "viewer",
    "getActuals": "viewer",
    "getOverride": "viewer",
    "getProofFile": "viewer",
    "getRound": "viewer",
    "getSealByTransaction": "viewer",
    "getSealOfRun": "viewer",
    "getSession": "public",
    "getSessionKeys": "public",
    "getSignInNonce": "public",
    "getSlotHistory": "viewer",
    "getTransaction": "viewer",
    "giveActuals": "viewer",
    "listContracts": "viewer",
    "listDisputes": "viewer",
    "listOverrides": "viewer",
    "listRounds": "viewer",
    "listScores": "viewer",
    "listSettledProducts": "viewer",
    "listSlots": "viewer",
    "listStakes": "viewer",
    "notarizeRun": "authority",
    "signIn": "public",
    "signOut": "public",
    "summarizeSeals": "viewer",
    "tellEvidence": "viewer",
    "tellReason": "viewer",
}
