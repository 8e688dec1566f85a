"""The cluster, seen from the command line: launch, configure, status, pause, resume, delete."""

import datetime as dt
from typing import TYPE_CHECKING

import click

from sparkify.cli.options import Group, config_options, confirm, parse_age
from sparkify.cli.output import format_option, print_result
from sparkify.cli.watching import watch
from sparkify.config import Config
from sparkify.errors import ProvisionError

if TYPE_CHECKING:
    from sparkify.aws import Clients
    from sparkify.provision.names import Names
    from sparkify.provision.waiting import Patience

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(cls=Group)
def cluster() -> None:
    """Launch, open, watch, pause and delete the Redshift cluster of dwg.cfg."""


@cluster.command()
@config_options
@yes_option
@click.option("--ttl", metavar="AGE", help="How long it may live: 8h or 2d. `delete --expired` acts on it.")
@click.option("--dry-run", is_flag=True, help="Only show what would be made, and its price.")
def launch(config: Config, yes: bool, ttl: str | None, dry_run: bool) -> None:
    """Make the role, the security group, the scratch bucket and the cluster; wait until it is available.

    A launch that broke off is finished by running it again.
    """
    from sparkify.provision import price, steps

    now = _now()
    life = parse_age(ttl or config.cluster.ttl, "--ttl") if ttl or config.cluster.ttl else None
    price.Size(config.cluster.node_type, config.cluster.nodes)  # refused before AWS is asked anything
    clients, _ = _open(config)
    plan = steps.plan_launch(config, clients.region, life, now)
    click.echo("\n".join([*plan.lines(), f"(prices of {price.PRICES_OF}, on demand)"]), err=True)
    if dry_run:
        return
    if not yes:
        confirm("Launch it?")
    with watch() as progress:
        steps.launch(clients, config, plan, now, _patience(config), progress)
    click.echo(f"The cluster {plan.names.cluster} is available and lets nobody in.")
    click.echo("Next: sparkify cluster configure")


@cluster.command()
@config_options
@click.option(
    "--cidr",
    "cidrs",
    multiple=True,
    metavar="NETWORK",
    help="Let this network in (several allowed). Default: your own address.",
)
@click.option("--close", "closing", is_flag=True, help="Take the rules back: those of --cidr, or all.")
@click.option("--open-to-the-world", is_flag=True, help="Allow --cidr 0.0.0.0/0 and ::/0.")
def configure(config: Config, cidrs: tuple[str, ...], closing: bool, open_to_the_world: bool) -> None:
    """Let your address in, make the cluster reachable, and print how to connect."""
    from sparkify.provision import ingress, steps

    clients, names = _open(config)
    if closing:
        gone = steps.close(clients, names, ingress.parse_cidrs(cidrs, open_to_the_world=True))
        click.echo(f"Shut out: {', '.join(gone) or 'nobody, nobody was let in'}.")
        return
    networks = ingress.parse_cidrs(cidrs or [ingress.own_address()], open_to_the_world=open_to_the_world)
    if set(networks) & set(map(str, ingress.WORLD)):
        click.echo("warning: everybody on the internet can now knock at this cluster.", err=True)
    with watch() as progress:
        new = steps.configure(clients, names, networks, _patience(config), progress)
        found = steps.status(clients, names, _now())
    host, port = found.endpoint or ("", 0)
    user, database = config.cluster.user, config.cluster.database
    click.echo(f"Let in: {', '.join(networks)}{'' if new else ' (as before)'}.")
    tls = "sslmode=verify-full sslrootcert=system"
    click.echo(f"host      {host}:{port}")
    click.echo(f'psql      psql "host={host} port={port} dbname={database} user={user} {tls}"')
    click.echo(f"jdbc      jdbc:redshift://{host}:{port}/{database}?ssl=true&sslmode=verify-full")
    if found.secret:
        click.echo(f"password  aws secretsmanager get-secret-value --secret-id '{found.secret}'")
    click.echo("Next: sparkify tables create --warehouse redshift")


@cluster.command()
@config_options
@format_option
def status(config: Config, style: str | None) -> None:
    """Show how the cluster stands, what it costs, and who may reach it."""
    from sparkify.engines.base import Result
    from sparkify.provision import steps

    clients, names = _open(config)
    found = steps.status(clients, names, _now())
    print_result(Result(("what", "value"), list(found.rows)), style)


@cluster.command()
@config_options
def pause(config: Config) -> None:
    """Pause the cluster: only its storage is paid for then."""
    from sparkify.provision import steps

    clients, names = _open(config)
    with watch() as progress:
        steps.pause(clients, names, _patience(config), progress)
    click.echo(f"The cluster {names.cluster} is paused. `sparkify cluster resume` wakes it.")


@cluster.command()
@config_options
def resume(config: Config) -> None:
    """Wake a cluster that is paused."""
    from sparkify.provision import steps

    clients, names = _open(config)
    with watch() as progress:
        steps.resume(clients, names, _patience(config), progress)
    click.echo(f"The cluster {names.cluster} is available.")


@cluster.command()
@config_options
@yes_option
@click.option(
    "--snapshot", metavar="NAME", default="", help="Keep a final snapshot of this name (it costs storage)."
)
@click.option("--expired", is_flag=True, help="Only if its time to live is over.")
def delete(config: Config, yes: bool, snapshot: str, expired: bool) -> None:
    """Delete the cluster and everything that was made for it, and prove that nothing is left."""
    from sparkify.provision import steps

    clients, names = _open(config)
    if expired and not _is_expired(clients, names):
        click.echo(f"The cluster {names.cluster} is not there, or its time is not over: nothing was done.")
        return
    if not yes:
        kept = f"a final snapshot {snapshot} is kept" if snapshot else "no snapshot is kept (see --snapshot)"
        confirm(f"Delete the cluster {names.cluster} with all its data; {kept}?")
    with watch() as progress:
        left = steps.delete(clients, names, snapshot, _patience(config), progress)
    if left:
        raise ProvisionError(f"still there, and it may cost money: {', '.join(left)}. Run it again.")
    click.echo(f"The cluster {names.cluster} is gone, and nothing that was made for it is left.")
    if snapshot:
        click.echo(f"Kept, as you asked: snapshot {snapshot}.")


def _open(config: Config) -> "tuple[Clients, Names]":
    from sparkify.aws import make_clients
    from sparkify.provision.names import Names

    return make_clients(config.cluster.region), Names(config.cluster.name)


def _patience(config: Config) -> "Patience":
    from sparkify.provision.waiting import Patience

    return Patience(config.cluster.poll)


def _is_expired(clients: "Clients", names: "Names") -> bool:
    from sparkify.provision import steps

    try:
        return steps.status(clients, names, _now()).is_expired
    except ProvisionError:
        return False


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
