"""Every file of the history index is deleted; while it is made again, events go on coming in. The same random searches, with all their
pages, must find the same events before and after. Prints what was compared and how long it took; ends with 1 when anything differs."""

import argparse
import hashlib
import json
import pathlib
import random
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

import dataset
from served import Served

OTHER_ACCOUNT = "999988887777"  # of the events that come in meanwhile: they are in no answer that is compared
PAGE = 1000


def draw_searches(path, events, count, draw):
    """(query, account, region): values drawn from the data, so frequent ones come often."""
    chosen = set(draw.sample(range(events), min(events, 3 * count)))
    searches = []
    with open(path) as lines:
        for number, line in enumerate(lines):
            if number >= events or len(searches) >= count:
                break
            if number not in chosen:
                continue
            record = json.loads(line)
            identity = record.get("userIdentity") or {}
            values = {"eventID": record.get("eventID"), "eventName": record["eventName"], "eventSource": record["eventSource"],
                      "user": identity.get("userName"), "accessKey": identity.get("accessKeyId"), "sourceIP": record.get("sourceIPAddress")}
            fields = [field for field, value in values.items() if value and '"' not in value]
            picked = draw.sample(fields, draw.choice((1, 1, 2)))
            query = " ".join(f'{field}="{values[field]}"' for field in picked)
            searches.append((query, record.get("recipientAccountId"), record["awsRegion"]))
    return searches


class Asker:
    def __init__(self, served):
        self.served = served
        self.signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(served.node.key_id, served.node.secret), "cairn", "us-east-1")

    def pages(self, query, account, region, pages_max):
        """A hash of all eventIDs in their order, and how many there were."""
        digest, found, cursor = hashlib.sha256(), 0, None
        for _ in range(pages_max):
            body = {"q": query, "acct": account, "region": region, "limit": PAGE}
            if cursor:
                body["cursor"] = cursor
            request = botocore.awsrequest.AWSRequest("POST", self.served.node.endpoint + "/v1/search", data=json.dumps(body), headers={"Content-Type": "application/json"})
            self.signer.add_auth(request)
            sent = urllib.request.Request(request.url, data=request.body, headers=dict(request.headers.items()), method="POST")
            answer = json.loads(urllib.request.urlopen(sent, timeout=120).read())
            for event in answer["events"]:
                digest.update(event["eventID"].encode())
                found += 1
            cursor = answer.get("cursor")
            if not cursor:
                break
        return digest.hexdigest(), found


def foreign_batches(path, first):
    """Endless bodies of records of another account, with ids of their own."""
    number = 0
    for body in dataset.batches(path, first, 10**12):
        lines = []
        for line in body.splitlines():
            record = json.loads(line)
            record["recipientAccountId"] = OTHER_ACCOUNT
            number += 1
            lines.append(json.dumps(record))
        yield "\n".join(lines).encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--searches", type=int, default=1000)
    parser.add_argument("--pages-max", type=int, default=1000, help="pages of 1,000 events that one search may have")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    searches = draw_searches(options.data, options.events, options.searches, random.Random(options.seed))

    served = Served(options.binary, options.work / "rebuild")
    served.start()
    begin = time.perf_counter()
    served.ingest(dataset.batches(options.data, 0, options.events))
    print(f"{options.events:,} events stored in {time.perf_counter() - begin:.0f} s", flush=True)
    asker = Asker(served)
    begin = time.perf_counter()
    before = [asker.pages(*search, options.pages_max) for search in searches]
    print(f"{len(searches):,} searches found {sum(found for _, found in before):,} events in {time.perf_counter() - begin:.0f} s", flush=True)

    served.node.stop()
    index = served.node.data / "view/history"
    files = sum(1 for path in index.rglob("*") if path.is_file())
    shutil.rmtree(index)
    served.start()
    stopping, sent = threading.Event(), [0]

    def load():
        for body in foreign_batches(options.data, 0):
            if stopping.is_set():
                return
            request = urllib.request.Request(served.node.endpoint + "/ingest", data=body, headers={"Authorization": "Bearer " + served.token}, method="POST")
            sent[0] += json.loads(urllib.request.urlopen(request, timeout=60).read())["stored"]
            time.sleep(0.02)

    writer = threading.Thread(target=load)
    writer.start()
    begin = time.perf_counter()
    while True:
        try:
            urllib.request.urlopen(served.node.endpoint + "/readyz", timeout=10)
            break
        except urllib.error.HTTPError:
            time.sleep(0.2)
    seconds = time.perf_counter() - begin
    print(f"{files} index files deleted and made again in {seconds:.0f} s, {options.events / seconds:,.0f} events/s, while {sent[0]:,} other events came in", flush=True)
    after = [asker.pages(*search, options.pages_max) for search in searches]
    stopping.set()
    writer.join()
    different = [search for search, one, other in zip(searches, before, after) if one != other]
    print(f"{len(searches) - len(different):,} of {len(searches):,} searches with all their pages are the same; {sent[0]:,} other events had come in at the end", flush=True)
    for search in different[:10]:
        print("differs:", search, flush=True)
    served.node.stop()
    shutil.rmtree(options.work / "rebuild")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
