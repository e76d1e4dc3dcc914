#!/usr/bin/env python3
"""SARIF and OSCAL files against models that others made of the two standards.

Pinned: Python 3.11, sarif-pydantic 0.6.2 (SARIF 2.1.0), compliance-trestle 3.8.1 (OSCAL 1.1.3).

    report_exchange.py results.sarif oscal.json [sarif-schema.json]

With the standard's own JSON Schema (sarif-2.1.0-rtm.5.json, in the npm package @microsoft/jest-sarif
1.0.0-beta.0) the SARIF file is held against that too (jsonschema 4.26.0).
"""
import json
import sys

import jsonschema
from sarif_pydantic import Sarif
from trestle.oscal.assessment_results import Model


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    sarif = Sarif.model_validate(document)
    if len(sys.argv) > 3:
        with open(sys.argv[3], encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.validators.validator_for(schema)(schema).validate(document)
    for run in sarif.runs:
        rules = run.tool.driver.rules
        for result in run.results:
            if rules[result.rule_index].id != result.rule_id:
                sys.exit(f"{result.rule_id}: ruleIndex {result.rule_index} is another rule")
            if result.kind != "fail" and result.level.value != "none":
                sys.exit(f"{result.rule_id}: kind {result.kind} with a level")
    with open(sys.argv[2], encoding="utf-8") as file:
        oscal = Model.parse_obj(json.load(file)).assessment_results
    for result in oscal.results:
        known = {str(o.uuid) for o in result.observations or []}
        for finding in result.findings or []:
            if not {str(r.observation_uuid) for r in finding.related_observations} <= known:
                sys.exit(f"{finding.title}: an observation that is not there")
    print(f"{sum(len(r.results) for r in sarif.runs)} SARIF results, "
          f"{sum(len(r.findings or []) for r in oscal.results)} OSCAL findings")


if __name__ == "__main__":
    main()
