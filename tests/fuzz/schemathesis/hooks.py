"""What schemathesis must know of the demo: values of its scalars, and which refusals of well-typed values are right.

A page size out of bounds and a cursor that was never given out are of the right type and still refused: the type system
can't say more. Every other refusal of data that fits the schema is a failure, as in schemathesis' own check
`positive_data_acceptance`, which this one replaces.
"""

import re

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

# Codici fiscali that are well formed: of a resident of the demo, and of nobody.
CODES = ["BNCBRC53C59X020Z", "RSSMRA80A01H501U"]

RIGHT = [
    re.compile(r"^`first` of `\w+` must be between 0 and \d+$"),
    re.compile(r"^the cursor isn't one that this gateway made for this field; start from the first page$"),
]

schemathesis.graphql.scalar("CodiceFiscale", st.sampled_from(CODES).map(nodes.String))


@schemathesis.check
def refuses_only_what_no_type_says(ctx, response, case):
    """Errors of a request whose data fit the schema are about page sizes and cursors, and the body is GraphQL's."""
    answer = response.json()
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    for error in answer.get("errors", []):
        code, message = error["extensions"]["code"], error["message"]
        assert code == "BAD_USER_INPUT", f"{code}: {message}"
        assert any(right.match(message) for right in RIGHT), message
