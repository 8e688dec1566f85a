"""The cluster, seen from the command line: launch, configure, status, pause, resume, delete."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sparkify.cli.options import Group, config_options, confirm, interruptible, parse_age
from sparkify.cli.output import as_json, echo_err, format_option, plain, print_object, print_result
from sparkify.cli.progress import watch
from sparkify.config import Config
from sparkify.errors import ConfigError, ProvisionError, RemoteError

if TYPE_CHECKING:
    from sparkify.aws import Clients
    from sparkify.provision.names import Names
    from sparkify.provision.plan import CurrentState
    from sparkify.provision.polling import Poller
    from sparkify.provision.status import Status

yes_option = click.option("--yes", is_flag=True, help="Skip the confirmation.")
TABLES = "tables create --warehouse redshift"
GOES_ON = "but AWS continues with the request: `sparkify cluster status` shows its state"


@click.group(cls=Group)
def cluster() -> None:
    """Launch, configure, inspect, pause and delete the Redshift cluster of dwg.cfg."""


@cluster.command()
@config_options
@yes_option
@click.option("--ttl", metavar="AGE", help="How long it may live: 8h or 2d. `delete --expired` acts on it.")
@click.option("--serverless", is_flag=True, help="A serverless workgroup ([CLUSTER] RPU) instead of nodes.")
@click.option("--dry-run", is_flag=True, help="Only show what would be made, and its price.")
def launch(config: Config, yes: bool, ttl: str | None, serverless: bool, dry_run: bool) -> None:
    """Make the role, the security group, the scratch bucket and the cluster; wait until it is available.

    A launch that broke off is finished by running it again.
    """
    from sparkify.provision import lifecycle, plan, role

    if serverless:
        config = replace(config, cluster=replace(config.cluster, serverless="yes"))
    now = _now()
    life = _life(config, ttl)
    clients, names = _open(config)
    plan.wanted(config, names.region)  # refused before AWS is asked anything
    role.check_arn(clients.partition, config.iam.arn)
    if config.redshift.host:
        echo_err(
            f"warning: [REDSHIFT] HOST = {config.redshift.host} is set: other commands go on using that "
            "warehouse, not this one."
        )
    standing = _guess(clients, config, names) if dry_run else plan.current_state(clients, config, names)
    planned = plan.plan_launch(config, names, standing, life, now)
    click.echo("\n".join([*planned.lines(), f"({planned.prices})"]), err=True)
    if dry_run:
        return
    if not yes:
        confirm("Create what is missing?" if standing.deployment else f"Launch it in {names.region}?")
    note = (
        "and what was created so far exists and may cost money: repeat `sparkify cluster launch` to go on, "
        "or remove it by `sparkify cluster delete`"
    )
    with interruptible(note), watch() as progress:
        lifecycle.launch(clients, config, planned, now, _poller(config), progress)
    click.echo(
        f"The {planned.kind} {names} is available; allowed networks: {', '.join(standing.lets_in) or 'none'}."
    )
    click.echo(f"Next: sparkify {TABLES if standing.lets_in else 'cluster configure'}")


@cluster.command()
@config_options
@click.option(
    "--cidr",
    "cidrs",
    multiple=True,
    metavar="NETWORK",
    help="Allow connections from this network (repeatable). Default: your own address.",
)
@click.option(
    "--close", "closing", is_flag=True, help="Revoke access: that of the networks of --cidr, or all."
)
@click.option("--open-to-the-world", is_flag=True, help="Allow networks as large as 0.0.0.0/0 and ::/0.")
def configure(config: Config, cidrs: tuple[str, ...], closing: bool, open_to_the_world: bool) -> None:
    """Allow connections from your address, make the cluster reachable, and print how to connect."""
    from sparkify.provision import ingress, lifecycle
    from sparkify.provision.status import status as find_status

    named = ingress.parse_cidrs(cidrs)
    if not (open_to_the_world or closing):
        ingress.require_narrow(named)  # before AWS is asked anything
    clients, names = _open_launched(config)
    if closing:
        _close(clients, names, named)
        return
    known = lifecycle.open_cidrs(clients, names)
    is_public = config.cluster.public == "yes"
    networks = named or (ingress.parse_cidrs([ingress.own_address()]) if is_public else [])
    if not open_to_the_world:
        ingress.require_narrow(networks, known)
    with interruptible(GOES_ON), watch() as progress:
        new = lifecycle.configure(clients, names, networks, _poller(config), progress, is_public)
        found = find_status(clients, names, _now())
    if wide := ingress.wide(networks):
        echo_err(f"warning: much of the internet, or all of it, may now try to connect: {', '.join(wide)}.")
    if networks:
        click.echo(f"Allowed: {', '.join(networks)}{'' if new else ' (as before)'}.")
    _print_way_in(found)
    click.echo(f"Next: sparkify {TABLES}")


def _print_way_in(found: "Status") -> None:
    """How clients connect; a private warehouse first needs a way into its network."""
    tls = "sslmode=verify-full sslrootcert=system"
    at = f"host={found.host} port={found.port} dbname={found.database} user={found.user}"
    click.echo(f"host      {found.host}:{found.port}")
    if not found.is_public:
        lets_in = ", ".join(found.lets_in) or "none yet (give --cidr: the network of the VPN or bastion host)"
        click.echo(f"private   it has no public address; allowed networks: {lets_in}")
        click.echo("vpn       connect to a VPN, or a peered network, that routes to its VPC; then as below")
        click.echo(
            f"tunnel    ssh -N -L {found.port}:{found.host}:{found.port} USER@BASTION, then add "
            "hostaddr=127.0.0.1 to the psql line: so the certificate is still verified"
        )
    click.echo(f'psql      psql "{at} {tls}"')
    click.echo(
        f"jdbc      jdbc:redshift://{found.host}:{found.port}/{found.database}?ssl=true&sslmode=verify-full"
    )
    if found.secret:
        click.echo(
            f"password  aws secretsmanager get-secret-value --region {found.region} "
            f"--secret-id '{found.secret}'"
        )


def _close(clients: "Clients", names: "Names", cidrs: Sequence[str]) -> None:
    from sparkify.provision import lifecycle

    gone = lifecycle.close(clients, names, cidrs)
    click.echo(f"Revoked: {', '.join(gone) or 'none'}.")
    if strangers := [cidr for cidr in cidrs if cidr not in gone]:
        click.echo(f"Not allowed before: {', '.join(strangers)}.")
    click.echo(f"Still allowed: {', '.join(lifecycle.lets_in(clients, names)) or 'none'}.")


@cluster.command()
@config_options
@format_option
def status(config: Config, style: str | None) -> None:
    """Show the cluster's state, its price, and who may connect."""
    from sparkify.engines.base import Result
    from sparkify.provision.status import status as find_status

    clients, names = _open_launched(config)
    found = find_status(clients, names, _now())
    if style == "json":
        print_object(vars(found))
    elif style == "ndjson":
        click.echo(as_json(plain(vars(found))))
    else:
        print_result(Result(("what", "value"), list(found.rows())), style)


@cluster.command()
@config_options
def pause(config: Config) -> None:
    """Pause the cluster: only its storage is paid for then."""
    from sparkify.provision import lifecycle

    clients, names = _open_launched(config)
    with interruptible(GOES_ON), watch() as progress:
        lifecycle.pause(clients, names, _poller(config), progress)
    click.echo(f"The cluster {names} is paused. `sparkify cluster resume` resumes it.")


@cluster.command()
@config_options
def resume(config: Config) -> None:
    """Resume a paused cluster."""
    from sparkify.provision import lifecycle

    clients, names = _open_launched(config)
    with interruptible(GOES_ON), watch() as progress:
        lifecycle.resume(clients, names, _poller(config), progress)
    click.echo(f"The cluster {names} is available.")


@cluster.command()
@config_options
@yes_option
@click.option(
    "--snapshot", metavar="NAME", default="", help="Keep a final snapshot of this name (it costs storage)."
)
@click.option("--expired", is_flag=True, help="Only if its time to live is over.")
def delete(config: Config, yes: bool, snapshot: str, expired: bool) -> None:
    """Delete the cluster and everything that was made for it, and prove that nothing is left."""
    from sparkify.provision import lifecycle
    from sparkify.provision.cluster import check_snapshot

    check_snapshot(snapshot)
    clients, names = _open(config)
    there = lifecycle.left_over(clients, names)
    if expired and there and not lifecycle.is_over(there, _now()):
        click.echo(f"The time of the {lifecycle.kind_of(there)} {names} is not over: nothing was done.")
        return
    if there:
        kind = lifecycle.kind_of(there)
        if not yes:
            confirm(_question(kind, names, [one.what for one in there], snapshot))
        note = "and what is left may cost money: repeat `sparkify cluster delete` to go on"
        with interruptible(note), watch() as progress:
            left = lifecycle.delete(clients, names, snapshot, _poller(config), progress)
        if left:
            raise ProvisionError(f"still there, and it may cost money: {', '.join(left)}. Run it again.")
        click.echo(f"The {kind} {names} is gone, and nothing that was made for it is left.")
    else:
        click.echo(f"There was no cluster {names}, and nothing that was made for one: nothing was done.")
    kept = lifecycle.snapshots(clients, names)
    for one, command in kept.items():
        click.echo(f"Kept: snapshot {one}; it costs storage. `{command}` removes it.")
    if snapshot and snapshot not in kept:
        raise ProvisionError(
            f"there is no snapshot {snapshot}: the cluster was gone before it could be made."
        )


def _question(kind: str, names: "Names", there: Sequence[str], snapshot: str) -> str:
    from sparkify.provision.lifecycle import WAREHOUSES

    if not any(what.startswith(WAREHOUSES) for what in there):
        return f"Delete what is left of the {kind} {names}: {', '.join(there)}?"
    kept = f"a final snapshot {snapshot} is kept" if snapshot else "no snapshot is kept (see --snapshot)"
    return f"Delete the {kind} {names} with all its data; {kept}?"


def _open(config: Config) -> "tuple[Clients, Names]":
    from sparkify.aws import make_clients
    from sparkify.provision.names import Names

    clients = make_clients(config.cluster.region)
    return clients, Names(config.cluster.name, clients.region)


def _open_launched(config: Config) -> "tuple[Clients, Names]":
    """For what concerns a cluster that was launched. ConfigError if only [REDSHIFT] HOST names one."""
    from sparkify.aws import translated
    from sparkify.provision import lookup

    clients, names = _open(config)
    if host := config.redshift.host:
        with translated():
            found = lookup.find(clients, names)
        if found is None:
            raise ConfigError(
                f"there is no cluster {names}, and `sparkify cluster` is for those that it launched, not for "
                f"[REDSHIFT] HOST = {host}. `sparkify doctor` probes that one."
            )
        echo_err(f"warning: this is about {names}; [REDSHIFT] HOST = {host} is what other commands use.")
    return clients, names


def _guess(clients: "Clients", config: Config, names: "Names") -> "CurrentState":
    """What stands, or nothing where AWS cannot be asked: a plan costs nothing, and needs no account."""
    from sparkify.provision import plan

    try:
        return plan.current_state(clients, config, names)
    except RemoteError as error:
        echo_err(f"warning: {error} The plan assumes that nothing exists yet.")
        return plan.CurrentState(rate=plan.price(clients, plan.wanted(config, names.region)))


def _life(config: Config, ttl: str | None) -> dt.timedelta | None:
    """How long the cluster may live; None for ever."""
    text, place = (ttl, "--ttl") if ttl is not None else (config.cluster.ttl, "[CLUSTER] TTL")
    if not text:
        return None
    life = parse_age(text, place)
    if not life:
        raise ConfigError(
            f"{place} {text} is no time to live. Leave it out for a cluster that never expires."
        )
    return life


def _poller(config: Config) -> "Poller":
    from sparkify.provision.polling import Poller

    return Poller(config.cluster.poll)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
