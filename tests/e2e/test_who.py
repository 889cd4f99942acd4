"""Who is behind a key: imported trails, a role chain over two accounts, `cairn who` and `origin =`."""

import json
import shutil
import subprocess

from node import ACCOUNT, BINARY, record

OTHER = "444455556666"
ANA = {"type": "IAMUser", "principalId": "AIDAANA", "arn": f"arn:aws:iam::{ACCOUNT}:user/team/ana", "accountId": ACCOUNT, "accessKeyId": "AKIAANA", "userName": "ana"}


def event_id(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def session(role, account, key, name="s"):
    return {"type": "AssumedRole", "principalId": f"AROA{role}:{name}", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}", "accountId": account, "accessKeyId": key,
            "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": f"AROA{role}", "arn": f"arn:aws:iam::{account}:role/{role}", "accountId": account, "userName": role},
                               "attributes": {"creationDate": "2026-01-02T03:00:00Z", "mfaAuthenticated": "false"}}}


def assume(number, by, role, account, key, time, name="s"):
    return record(event_id(number), name="AssumeRole", time=time, account=by["accountId"], userIdentity=by, eventSource="sts.amazonaws.com", readOnly=True,
                  requestParameters={"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": name},
                  responseElements={"credentials": {"accessKeyId": key, "expiration": "Jan 2, 2026, 5:00:00 AM"},
                                    "assumedRoleUser": {"assumedRoleId": f"AROA{role}:{name}", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}"}})


def call(number, by, time, name="RunInstances"):
    return record(event_id(number), name=name, time=time, account=by["accountId"], userIdentity=by)


def trail():
    """ana takes a role of her account, with it one of another, and works there; so does somebody whose session is named ana."""
    first, second, other = session("first", ACCOUNT, "ASIAFIRST"), session("second", OTHER, "ASIASECOND"), session("second", OTHER, "ASIAOTHER", "ana")
    return [call(1, ANA, "2026-01-02T03:00:00Z", "ListUsers"),
            assume(2, ANA, "first", ACCOUNT, "ASIAFIRST", "2026-01-02T03:00:10Z"),
            assume(3, first, "second", OTHER, "ASIASECOND", "2026-01-02T03:00:20Z"),
            *[call(10 + i, second, f"2026-01-02T03:01:{i:02d}Z") for i in range(25)],
            call(40, second, "2026-01-02T08:00:00Z", "TooLate"),
            call(50, other, "2026-01-02T03:02:00Z", "Somebody")]


def found(node, query, *more):
    lines = node.cairn("lookup", query, "-eventSource=cairn.amazonaws.com", "-o", "json", "--limit", "1000", *more).splitlines()
    return [json.loads(line)["eventID"] for line in lines]


def who(node, *arguments):
    return json.loads(node.cairn("who", *arguments, "--output", "json"))


ALL_OF_ANA = {event_id(n) for n in (1, 2, 3, *range(10, 35))}


def test_a_role_chain_over_two_accounts(node):
    node.import_records(trail())
    answer = who(node, event_id(20))
    assert answer["eventID"] == event_id(20) and answer["at"] == "2026-01-02T03:01:10Z"
    chain, = answer["chains"]
    assert [link["accessKeyId"] for link in chain["links"]] == ["ASIASECOND", "ASIAFIRST", "AKIAANA"] and chain["chainLength"] == 3
    assert [link["eventID"] for link in chain["links"]] == [event_id(10), event_id(3), event_id(1)]
    assert {link["evidence"] for link in chain["links"]} == {"trailRecord"}
    assert chain["links"][0]["validTo"] == "2026-01-02T06:00:00Z"
    assert chain["links"][0]["userIdentity"] == session("second", OTHER, "ASIASECOND")
    assert chain["origin"] == {"type": "key", "name": "ana", "arn": ANA["arn"]}

    table = node.cairn("who", "ASIASECOND", "--at", "2026-01-02T03:01:10Z")
    assert "origin: key ana" in table and "ASIAFIRST" in table and "gap" not in table
    assert who(node, "ASIASECOND", "--at", "2026-01-02T07:00:00Z")["chains"][0]["origin"]["type"] == "gap"
    gap = who(node, "ASIAOTHER")["chains"][0]
    assert gap["origin"] == {"type": "gap", "gap": "the call that gave out ASIAOTHER was not seen"}
    missing = subprocess.run([BINARY, "who", "AKIANOBODY"], env=node.environment(), capture_output=True, text=True, timeout=60)
    assert missing.returncode == 1 and "nothing is known of key AKIANOBODY" in missing.stderr


def test_searching_by_origin(node):
    node.import_records(trail())
    for query in ("origin=ana", f"origin={ANA['arn']}", "origin in (ana, bob)", "origin:ANA"):
        assert set(found(node, query)) == ALL_OF_ANA, query
    assert found(node, "origin=bob") == []
    assert set(found(node, "origin=ana eventName=RunInstances")) == {event_id(n) for n in range(10, 35)}
    assert event_id(50) in found(node, "-origin=ana") and event_id(20) not in found(node, "-origin=ana")
    assert set(found(node, "origin=ana", "--from", "2026-01-02T03:01:20Z")) == {event_id(n) for n in range(30, 35)}

    pages, cursor = [], []
    while True:
        page = json.loads(node.cairn("lookup", "origin=ana", "-o", "page", "--limit", "7", *cursor))
        pages += [event["eventID"] for event in page["events"]]
        if not page["cursor"]:
            break
        cursor = ["--cursor", page["cursor"]]
    assert len(pages) == len(ALL_OF_ANA) and set(pages) == ALL_OF_ANA


def test_the_graph_is_made_again_with_the_same_answers(node):
    node.import_records(trail())
    before = who(node, event_id(20)), found(node, "origin=ana")
    node.restart()
    graph = node.data / "view/session/graph"
    assert graph.read_text().startswith('{"cairn":"session graph"')
    assert (who(node, event_id(20)), found(node, "origin=ana")) == before
    node.stop()
    shutil.rmtree(graph.parent)
    node.start()
    assert (who(node, event_id(20)), found(node, "origin=ana")) == before
    node.stop()
    graph.write_bytes(graph.read_bytes()[:-20])
    node.start()
    assert (who(node, event_id(20)), found(node, "origin=ana")) == before


def test_readers_see_whose_accounts_are_theirs(node, tmp_path):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cairn:*", "Resource": "*", "Condition": {"StringEquals": {"cairn:account": OTHER}}}]}
    (tmp_path / "other.json").write_text(json.dumps(policy))
    made = json.loads(node.cairn("keys", "create", "--user", "eve", "--policy", tmp_path / "other.json", "--account", ACCOUNT, "--data", node.data, "--json"))
    node.import_records(trail())
    node.key_id, node.secret = made["id"], made["secret"]
    chain, = who(node, event_id(20))["chains"]
    assert chain["links"][0]["accessKeyId"] == "ASIASECOND" and chain["links"][1:] == [{"hidden": True}] * 2
    assert chain["origin"] == {"hidden": True}
    assert found(node, "origin=ana") == []
    assert "not yours to see" in node.cairn("who", event_id(20))


def test_a_trail_of_aws(node, real_records):
    node.import_records(real_records)
    chain, = who(node, "ASIATFQR7NSCWLLE7IWW")["chains"]
    assert [link["accessKeyId"] for link in chain["links"]] == ["ASIATFQR7NSCWLLE7IWW", "AKIATFQR7NSC8Q4X20BJ"]
    assert chain["origin"] == {"type": "key", "name": "bert-jan", "arn": "arn:aws:iam::123837392027:user/bert-jan"}
    with_session = found(node, "origin=bert-jan accessKey=ASIATFQR7NSCWLLE7IWW")
    assert len(with_session) == 29
    assert who(node, "ASIATFQR7NSCSHSEVYP5")["chains"][0]["origin"] == {"type": "service", "name": "ec2.amazonaws.com"}
