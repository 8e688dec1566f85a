"""AWS's price list, as far as Redshift is in it: GetProducts of AmazonRedshift.

Form: AWS Billing User Guide, "Using the AWS Price List Query API"; usage types and families as public
projects read them (infracost's redshift_cluster.go, databrickslabs/lakebridge).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sparkify.emulator.errors import ApiError

NODES = {
    "rg.large": "0.3801", "rg.xlarge": "0.7602", "rg.4xlarge": "3.04267", "rg.12xlarge": "9.128",
    "ra3.large": "0.543", "ra3.xlplus": "1.086", "ra3.4xlarge": "3.26", "ra3.16xlarge": "13.04",
}  # fmt: skip
RPU_HOUR = "0.36"
_REGIONS = ("us-west-2",)


def products(action: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer GetProducts. Raises ApiError."""
    if action != "GetProducts" or asked.get("ServiceCode") != "AmazonRedshift":
        raise ApiError("InvalidParameterException", "Only GetProducts of AmazonRedshift is imitated")
    filters = asked.get("Filters", [])
    if any(one["Type"] != "TERM_MATCH" for one in filters):
        raise ApiError("InvalidParameterException", "Only TERM_MATCH is imitated")
    found = [
        json.dumps(item)
        for item in _items()
        if all(_value(item, one["Field"]) == one["Value"] for one in filters)
    ]
    return {"FormatVersion": "aws_v1", "PriceList": found}


def _value(item: Mapping[str, Any], name: str) -> Any:
    product = item["product"]
    return product["productFamily"] if name == "productFamily" else product["attributes"].get(name)


def _items() -> Iterator[dict[str, Any]]:
    """Each with a neighbour that must not be taken for it: concurrency scaling, a reservation."""
    for region in _REGIONS:
        for node, price in NODES.items():
            yield _item(region, "Compute Instance", f"USW2-Node:{node}", "Hrs", price, node)
            yield _item(region, "Redshift Concurrency Scaling", f"USW2-CS:{node}", "seconds", "0.0001", node)
        usage = "USW2-Redshift:ServerlessUsage"
        yield _item(region, "Serverless", f"{usage}-CR-1YR-NU", "RPU-Hr", "0.2", "")
        yield _item(region, "Serverless", usage, "RPU-Hr", RPU_HOUR, "")


def _item(region: str, family: str, usage: str, unit: str, price: str, node: str) -> dict[str, Any]:
    attributes = {"servicecode": "AmazonRedshift", "regionCode": region, "usagetype": usage}
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": price}}
    return {
        "product": {
            "productFamily": family, "sku": usage,
            "attributes": attributes | ({"instanceType": node} if node else {}),
        },
        "serviceCode": "AmazonRedshift",
        "terms": {"OnDemand": {f"{usage}.T": {"priceDimensions": {f"{usage}.T.D": dimension}}}},
    }  # fmt: skip
