"""TLS that is missing, too old, at the wrong port, or not trusted."""
import imaplib
import ssl

import clients
import network
import rig
from situations import begin, situation


@situation("plain", "verbose", "wired")
def no_tls(machine):
    begin(machine)
    clients.msmtp(tls=False)


@situation("verbose")
def no_tls_but_auth(machine):
    begin(machine)
    with clients.smtp(tls=False) as client:
        client.plain("bob", "right-password")
        client.command("QUIT")


@situation("verbose")
def no_tls_no_auth(machine):
    begin(machine)
    clients.swaks(login=None, tls=None)


@situation("plain", "verbose")
def certificate_of_unknown_authority(machine):
    begin(machine)
    clients.msmtp(verify="system")


@situation("wired")
def certificate_of_unknown_authority_curl(machine):
    begin(machine)
    clients.curl(more=("--ssl-reqd", "--cacert", "/etc/ssl/certs/ssl-cert-snakeoil.pem"))


@situation("verbose")
def certificate_of_unknown_authority_mutt(machine):
    begin(machine)
    clients.mutt(verify=False)


@situation("verbose")
def certificate_of_another_name(machine):
    machine.make_certificate("mx7.hoster.example.com")
    begin(machine)
    clients.curl(url="smtps://mail.example.org", more=())


@situation("verbose")
def certificate_expired(machine):
    machine.make_certificate(expired=True)
    begin(machine)
    clients.curl()


@situation("verbose")
def certificate_refused_by_imap_client(machine):
    begin(machine)
    clients.fetchmail(verify=True, more="sslcertfile /etc/ssl/certs/ssl-cert-snakeoil.pem")


@situation("plain", "verbose")
def tls_too_old(machine):
    machine.listener("submission", smtpd_tls_mandatory_protocols=">=TLSv1.2")
    begin(machine)
    try:
        with clients.smtp(context=rig.client_context(maximum=ssl.TLSVersion.TLSv1_1)):
            pass
    except OSError:
        pass


@situation("wired")
def tls_too_old_for_us(machine):
    """The administrator accepts 1.3 only."""
    machine.listener("submission", smtpd_tls_mandatory_protocols=">=TLSv1.3")
    begin(machine)
    clients.curl(more=("--ssl-reqd", "--tls-max", "1.2"))


@situation("verbose")
def no_cipher_in_common(machine):
    begin(machine)
    clients.curl(more=("--ssl-reqd", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES256-GCM-SHA384"))


@situation("verbose")
def tls_handshake_cut(machine):
    begin(machine)
    with clients.smtp(tls=False) as client:
        client.expect("220", "STARTTLS")
        client.send(b"\x16\x03\x01\x01\x00\x01")


@situation("plain", "verbose")
def tls_hello_on_587(machine):
    begin(machine)
    clients.msmtp(starttls=False)


@situation("wired")
def tls_hello_on_587_again_and_again(machine):
    begin(machine)
    for _ in range(6):
        clients.curl(url="smtps://mail.example.org:587", more=())
    clients.mutt(scheme="smtps")


@situation("verbose")
def tls_hello_on_25(machine):
    begin(machine)
    for _ in range(3):
        clients.swaks(port=25, tls="--tlsc")


@situation("plain", "verbose")
def clear_text_on_465(machine):
    begin(machine)
    clients.swaks(port=465, tls=None)


@situation("wired")
def starttls_on_465(machine):
    machine.postconf(smtpd_starttls_timeout="10s")
    begin(machine)
    clients.msmtp(port=465, starttls=True)


@situation("verbose")
def server_key_is_gone(machine):
    machine.listener("submission", smtpd_tls_key_file="/etc/ssl/private/moved-away.key")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def client_certificate_is_wanted(machine):
    machine.listener("submission", smtpd_tls_req_ccert="yes")
    begin(machine)
    clients.msmtp()


@situation("verbose")
def server_offers_no_starttls(machine):
    machine.listener("submission", smtpd_tls_security_level="none")
    begin(machine)
    clients.msmtp()


@situation("plain", "verbose")
def imap_without_tls(machine):
    begin(machine)
    clients.mbsync(tls="None", port=143)


@situation("wired")
def imap_without_tls_fetchmail(machine):
    begin(machine)
    clients.fetchmail(ssl=False, port=143)


@situation("plain", "verbose")
def imap_without_tls_but_login(machine):
    """A client that sends its password whatever the server offers."""
    machine.start()
    machine.others()
    with network.inside("bob"):
        client = imaplib.IMAP4(network.SERVER, 143)
    try:
        client.login("bob", "right-password")
    except imaplib.IMAP4.error:
        client.logout()


@situation("verbose")
def imap_tls_too_old(machine):
    begin(machine)
    with network.inside("bob"):
        try:
            rig.Smtp(993, "", tls=True, host=network.SERVER, context=rig.client_context(maximum=ssl.TLSVersion.TLSv1_1))
        except OSError:
            pass


@situation("verbose")
def tls_hello_on_143(machine):
    begin(machine)
    for _ in range(4):
        clients.curl_reads(url="imaps://mail.example.org:143/INBOX")


@situation("verbose")
def clear_text_on_993(machine):
    begin(machine)
    clients.mbsync(tls="None", port=993)
