"""Fails when a test was skipped for another reason than its platform."""

import sys
import xml.etree.ElementTree as ElementTree

skipped = [
    f"{case.get('classname')}.{case.get('name')}: {skip.get('message')}"
    for case in ElementTree.parse(sys.argv[1]).iter("testcase")
    for skip in case.iter("skipped")
    if skip.get("type") == "pytest.skip" and not (skip.get("message") or "").startswith("platform")
]
sys.exit("skipped without a platform reason:\n" + "\n".join(skipped) if skipped else 0)
