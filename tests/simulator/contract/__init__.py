"""The contract of the API as the tests hold it against the simulator.

`contract-1.3-rev0.json` is the structure of the vendor's OpenAPI document of that revision. `revisions` derives the
other three by patches, one documented difference each; `schemas` turns what they say of an answer into JSON Schema.
The simulator reads none of this.
"""
