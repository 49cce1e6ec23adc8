"""claws-mail, a mail program with windows."""
import clients
from situations import begin, situation


@situation("verbose")
def all_well_claws(machine):
    begin(machine)
    clients.claws()


@situation("verbose")
def wrong_password_claws(machine):
    """Its password dialog stays open until the user gives up."""
    begin(machine)
    clients.claws(password="yesterday's")


@situation("wired")
def send_as_claws(machine):
    begin(machine)
    clients.claws(sender="mary@example.org")


@situation("verbose")
def tls_hello_on_587_claws(machine):
    begin(machine)
    clients.claws(ssl=1)
