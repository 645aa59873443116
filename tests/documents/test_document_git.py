"""Documents in git repositories, compared with what the git program says."""

from __future__ import annotations

import hashlib
import random
import tracemalloc
from dataclasses import replace
from pathlib import Path

import dulwich.repo
import pytest
from document_cases import NOW, Looker
from document_repos import Repo, card_repo

from tasks.documents import look
from tasks.sources.packed import declared


def test_the_last_commit_that_touched_the_path(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    found = see("git+file:repo//docs/card.md")
    assert (found.status, found.revision, found.modified) == ("ok", touched, repo.written(2))
    assert found.sha256 == hashlib.sha256(b"Effective date: 2026-01-03\n").hexdigest()


def test_a_branch_that_has_not_moved_is_not_read_again(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    first = see("git+file:repo//docs/card.md@main")
    again = see("git+file:repo//docs/card.md@main", previous=first)
    assert again == replace(first, status="unchanged")
    head = repo.commit(**{"elsewhere.md": "other"})
    moved = see("git+file:repo//docs/card.md@main", previous=first)
    assert (moved.status, moved.revision, moved.etag) == ("ok", touched, head)
    repo.git("rm", "-q", "docs/card.md")
    repo.commit()
    assert see("git+file:repo//docs/card.md@main", previous=moved).status == "missing"


def test_what_is_remarked_of_a_document_is_remarked_while_it_stays_so(base: Path, see: Looker) -> None:
    repo = Repo(base / "repo")
    repo.commit(**{"card.md": ""})
    first = see("git+file:repo//card.md")
    assert "empty" in (first.error or "")
    assert see("git+file:repo//card.md", previous=first) == replace(first, status="unchanged")


def test_bare_and_packed(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    repo.git("clone", "-q", "--bare", ".", str(base / "card.git"))
    Repo.git(repo, "-C", str(base / "card.git"), "gc", "-q", "--aggressive")
    found = see("git+file:card.git//docs/card.md@main")
    assert (found.status, found.revision) == ("ok", touched)


def test_what_is_committed_counts_not_the_work_tree(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    repo.write("docs/card.md", "not committed")
    assert see("git+file:repo//docs/card.md@main").revision == touched


def test_other_branches_tags_and_commits(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    repo.git("checkout", "-q", "-b", "feature/card")
    changed = repo.commit(**{"docs/card.md": "other"})
    repo.git("checkout", "-q", "main")
    repo.git("tag", "-a", "-m", "x", "v1", "main")
    for ref, revision in (
        ("feature/card", changed),
        ("refs/heads/feature/card", changed),
        ("main", touched),
        ("v1", touched),
        ("HEAD", touched),
        (changed, changed),
    ):
        assert see(f"git+file:repo//docs/card.md@{ref}").revision == revision, ref


def test_merges_are_followed_as_git_does(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base / "repo")
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit(**{"docs/card.md": "side"})
    repo.git("checkout", "-q", "main")
    repo.commit(**{"other.md": "main"})
    repo.days += 1
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    assert see("git+file:repo//docs/card.md@main").revision == side


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_agree_with_git(seed: int, base: Path, see: Looker) -> None:
    chance = random.Random(seed)
    repo = Repo(base / "repo")
    names = ["a.md", "d/a.md", "d/e/a.md"]
    repo.commit(**dict.fromkeys(names, "0"))
    for step in range(12):
        if chance.random() < 0.4:
            repo.git("checkout", "-q", "-b", f"b{step}", f"HEAD~{chance.randrange(0, 2) if step else 0}")
            repo.commit(**{chance.choice(names): str(chance.randrange(3))})
            repo.git("checkout", "-q", "main")
            repo.days += 1
            repo.git("merge", "-q", "--no-ff", "-X", "theirs", "-m", "m", f"b{step}")
        else:
            repo.commit(**{chance.choice(names): str(chance.randrange(3))})
    for name in names:
        revision, written = repo.git("log", "-1", "--format=%H %at", "--", name).split()
        found = see(f"git+file:repo//{name}@main")
        assert found.modified is not None
        assert (found.revision, int(found.modified.timestamp())) == (revision, int(written))


def test_a_renamed_document_says_where_it_went(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base / "repo")
    repo.git("mv", "docs/card.md", "docs/model.md")
    renamed = repo.commit()
    repo.commit(**{"other.md": "5"})
    old, new = see("git+file:repo//docs/card.md@main"), see("git+file:repo//docs/model.md@main")
    assert old.status == "missing"
    assert f"{renamed[:12]} moved it to docs/model.md" in (old.error or "")
    assert (new.status, new.revision) == ("ok", renamed)


def test_a_removed_document_says_by_which_commit(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base / "repo")
    (repo.path / "docs" / "card.md").unlink()
    removed = repo.commit()
    repo.commit(**{"other.md": "6"})
    found = see("git+file:repo//docs/card.md")
    assert found.status == "missing"
    assert f"{removed[:12]} removed it" in (found.error or "")


def test_an_empty_repository_and_an_unknown_branch(base: Path, see: Looker) -> None:
    Repo(base / "empty")
    Repo(base / "empty.git", "--bare")
    card_repo(base / "repo")
    for locator, words in (
        ("git+file:empty//card.md", "no commits yet"),
        ("git+file:empty.git//card.md@main", "no commits yet"),
        ("git+file:repo//docs/card.md@gone", "no branch, tag or commit gone"),
        ("git+file:none.git//card.md", "not there"),
    ):
        found = see(locator)
        assert (found.status, words in (found.error or "")) == ("missing", True), found


def test_a_shallow_clone_does_not_pretend_to_know(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base / "repo")
    newest = repo.git("rev-parse", "HEAD")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(base / "shallow"))
    found = see("git+file:shallow//docs/card.md")
    assert (found.status, found.modified, found.revision) == ("ok", None, newest)
    assert "--unshallow" in (found.error or "")
    assert see("git+file:shallow//docs/other.md").modified is None


def test_what_is_no_file_in_a_repository(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base / "repo")
    (repo.path / "link.md").symlink_to("docs/card.md")
    repo.commit()
    assert "a link" in (see("git+file:repo//link.md").error or "")
    assert "a folder" in (see("git+file:repo//docs").error or "")
    assert see("git+file:repo//docs/card.md/x").status == "missing"


@pytest.mark.parametrize(
    "locator",
    [
        "git+file:",
        "git+file:repo",
        "git+file:repo//",
        "git+file://docs/card.md",
        "git+file:repo//a/../b.md",
        "git+file:repo//docs/card.md@",
        "git+file:../outside//docs/card.md",
        "git+file:up//docs/card.md",
    ],
)
def test_locators_that_do_not_read_or_lead_out(locator: str, base: Path, see: Looker) -> None:
    card_repo(base.parent / "outside")
    (base / "up").symlink_to("../outside")
    assert see(locator).status == "refused"


def test_repositories_that_keep_their_objects_outside(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base.parent / "outside")
    repo.git("clone", "-q", "--shared", ".", str(base / "shared"))
    repo.git("worktree", "add", "-q", str(base / "tree"), "-b", "tree")
    (base / "linked").mkdir()
    (base / "linked" / ".git").symlink_to(repo.path / ".git")
    for name in ("shared", "tree", "linked"):
        found = see(f"git+file:{name}//docs/card.md")
        assert (found.status, "outside" in (found.error or "")) == ("refused", True), (name, found)


def test_a_work_tree_of_a_repository_inside(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    repo.git("worktree", "add", "-q", str(base / "tree"), "-b", "tree")
    assert see("git+file:tree//docs/card.md").revision == touched


def test_a_damaged_repository_and_none_at_all(base: Path, see: Looker) -> None:
    repo, touched = card_repo(base / "repo")
    (base / "folder").mkdir()
    path = repo.path / ".git" / "objects" / touched[:2] / touched[2:]
    path.chmod(0o644)
    path.write_bytes(b"rubbish")
    damaged, none = see("git+file:repo//docs/card.md"), see("git+file:folder//docs/card.md")
    assert (damaged.status, "git fsck" in (damaged.error or "")) == ("error", True)
    assert (none.status, "not a git repository" in (none.error or "")) == ("error", True)
    path.unlink()
    assert touched in (see("git+file:repo//docs/card.md").error or "")


def test_nothing_the_repository_configures_is_run(base: Path, see: Looker) -> None:
    repo, _ = card_repo(base / "repo")
    trap = base / "trap"
    program = base / "program"
    program.write_text(f"#!/bin/sh\ntouch {trap}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program"):
        repo.git("config", key, str(program))
    repo.git("config", "log.showSignature", "true")
    assert see("git+file:repo//docs/card.md").status == "ok"
    assert not trap.exists()


def test_names_in_other_scripts_and_bytes(base: Path, see: Looker) -> None:
    repo = Repo(base / "repo")
    repo.commit(**{"文書/カード@2026.md": "発効日:2026年4月1日"})
    (repo.path / "caf\udce9.md").write_text("x")
    repo.commit()
    assert str(see("git+file:repo//文書/カード@2026.md@main").effective) == "2026-04-01"
    assert look("git+file:repo//caf\udce9.md", base=base, now=NOW).status == "ok"


def test_sizes_are_known_before_anything_is_unpacked(base: Path, see: Looker) -> None:
    repo = Repo(base / "repo")
    lines = [f"line {number}" for number in range(3000)]
    for version in range(8):  # alike, so that git packs them as deltas
        repo.commit(**{"log.md": "\n".join([*lines, str(version)]), "s.md": str(version)})
    repo.commit(**{"zeros.md": "0" * 3_000_000, "empty.md": ""})
    shas = [line.split()[2] for line in repo.git("ls-tree", "-r", "HEAD~3").splitlines()]
    shas += [line.split()[2] for line in repo.git("ls-tree", "-r", "HEAD").splitlines()]
    truth = {sha: int(repo.git("cat-file", "-s", sha)) for sha in shas}
    for step in ("loose", "packed"):
        with dulwich.repo.Repo(str(repo.path)) as opened:
            for sha, size in truth.items():
                assert size <= declared(opened.object_store, sha.encode()) <= size + 100, (step, sha)
            assert declared(opened.object_store, b"1" * 40) == 0
        found = see("git+file:repo//zeros.md", max_bytes=1_000_000)
        assert "larger than 1000000 bytes" in (found.error or ""), step
        assert see("git+file:repo//log.md").size == max(size for size in truth.values() if size < 1_000_000)
        repo.git("gc", "-q", "--aggressive")
    assert "chain length" in repo.git("verify-pack", "-s", *map(str, (repo.path / ".git/objects/pack").glob("*.idx")))
    zeros = max(truth, key=lambda sha: truth[sha])
    tracemalloc.start()
    see("git+file:repo//zeros.md", max_bytes=1_000_000)
    assert tracemalloc.get_traced_memory()[1] < truth[zeros]
    tracemalloc.stop()
