"""Records come home: fetching them from a provider, checking them, handing them over."""

from emrex_gateway.importing._confirm import (
    Confirmed,
    Summary,
    confirm_import,
    confirmed,
    import_summary,
    imported_results,
)
from emrex_gateway.importing._enter import enter, enter_launched, receiving_point
from emrex_gateway.importing._errands import (
    Departure,
    Destination,
    Taken,
    Visited,
    claim,
    departure,
    destinations,
    elsewhere,
    end_collecting,
    refuse,
    set_out,
    take_reply,
    visited,
    visits,
)
from emrex_gateway.importing._find import find
from emrex_gateway.importing._hand_over import (
    hand,
    hand_again,
    next_attempt,
    put_off,
    resend_hand_overs,
)
from emrex_gateway.importing._own import tell_own
from emrex_gateway.importing._payloads import GATHERING, STATES, received
from emrex_gateway.importing._receive import receive
from emrex_gateway.importing._recognition import (
    announced,
    keep_receipt,
    look_again,
    order_polls,
    poll,
    receipt_of,
    recognitions_by_transfer,
    recognitions_of,
)
from emrex_gateway.importing._review import (
    Review,
    change_import_choice,
    fetch_more,
    keep_purpose,
    open_student,
)
from emrex_gateway.importing._standing import Standing, standing, stands
from emrex_gateway.importing._statement import attest, recall, sweep_statements
from emrex_gateway.importing._sweep import sweep_replies

__all__ = [
    "GATHERING",
    "STATES",
    "Confirmed",
    "Departure",
    "Destination",
    "Review",
    "Standing",
    "Summary",
    "Taken",
    "Visited",
    "announced",
    "attest",
    "change_import_choice",
    "claim",
    "confirm_import",
    "confirmed",
    "departure",
    "destinations",
    "elsewhere",
    "end_collecting",
    "enter",
    "enter_launched",
    "fetch_more",
    "find",
    "hand",
    "hand_again",
    "import_summary",
    "imported_results",
    "keep_purpose",
    "keep_receipt",
    "look_again",
    "next_attempt",
    "open_student",
    "order_polls",
    "poll",
    "put_off",
    "recall",
    "receipt_of",
    "receive",
    "received",
    "receiving_point",
    "recognitions_by_transfer",
    "recognitions_of",
    "refuse",
    "resend_hand_overs",
    "set_out",
    "standing",
    "stands",
    "sweep_replies",
    "sweep_statements",
    "take_reply",
    "tell_own",
    "visited",
    "visits",
]
