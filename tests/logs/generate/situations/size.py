"""Messages that are too large, and too many recipients."""
import clients
from situations import begin, situation


@situation("plain", "verbose")
def size_announced(machine):
    """MAIL FROM:<...> SIZE=..., which mail programs send when the server offers SIZE; msmtp does not."""
    machine.postconf(message_size_limit="100000")
    begin(machine)
    with clients.smtp(login="bob") as client:
        client.mail("bob@example.org", "SIZE=200000")
        client.command("QUIT")


@situation("plain", "verbose")
def size_at_the_end(machine):
    machine.postconf(message_size_limit="100000")
    begin(machine)
    clients.msmtp(message=clients.text("bob@example.org", clients.OUTSIDE, size=200000))


@situation("wired")
def size_of_the_user(machine):
    machine.directory = machine.directory.replace("user bob@example.org login=bob",
                                                  "user bob@example.org login=bob max_message_size=50000")
    machine.write_mailwicket()
    begin(machine)
    clients.curl(message=clients.text("bob@example.org", clients.OUTSIDE, size=60000))


@situation("wired")
def too_many_recipients_for_the_policy(machine):
    machine.directory = machine.directory.replace("user bob@example.org login=bob", "user bob@example.org login=bob max_recipients=3")
    machine.write_mailwicket()
    begin(machine)
    clients.msmtp(to=[f"r{number}@example.net" for number in range(5)])


@situation("verbose")
def too_many_recipients_for_postfix(machine):
    machine.postconf(smtpd_recipient_limit="3", smtpd_recipient_overshoot_limit="10")
    begin(machine)
    clients.msmtp(to=[f"r{number}@example.net" for number in range(5)])


@situation("verbose")
def queue_disk_is_full(machine):
    machine.postconf(queue_minfree="100000000000000", message_size_limit="10240000")
    machine.start()
    clients.reads()
    clients.msmtp()
