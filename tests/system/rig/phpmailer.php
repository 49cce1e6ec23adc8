<?php
// A message as PHPMailer composes it, or a file that it sends: phpmailer.php compose NUMBER TEXT PATH;
// phpmailer.php send PORT SOURCE PATH RECIPIENT.
require "/usr/share/php/libphp-phpmailer/autoload.php";

use PHPMailer\PHPMailer\PHPMailer;
use PHPMailer\PHPMailer\SMTP;

function check($done, $smtp, $what)
{
    if (!$done) {
        fwrite(STDERR, "$what: " . implode(" ", $smtp->getError()) . " " . $smtp->getLastReply() . "\n");
        exit(1);
    }
}

[$command, $number] = [$argv[1], (int)$argv[2]];
if ($command == "compose") {
    $mail = new PHPMailer(true);
    $mail->CharSet = ["utf-8", "iso-8859-1"][$number % 2];
    $mail->Encoding = ["8bit", "quoted-printable", "base64"][$number % 3];
    $mail->setFrom("bob@example.test", ["Bob", "", "Böb, the Builder", "\"Bob\" (Sales)"][$number % 4]);
    $mail->addAddress("mary@example.test", "Mary");
    $mail->addReplyTo("sales@example.test", "Sales");
    $mail->Subject = "Grüße $number";
    $mail->Body = $argv[3];
    if ($number % 3 == 0) {
        $mail->isHTML(true);
        $mail->AltBody = $argv[3];
        $mail->addStringAttachment(random_bytes($number * 30 + 1), "Grüße $number.bin");
    }
    $mail->preSend();
    file_put_contents($argv[4], $mail->getSentMIMEMessage());
} else {
    [, , , $source, $path, $recipient] = $argv;
    $smtp = new SMTP();
    $options = ["socket" => ["bindto" => "$source:0"],
                "ssl" => ["verify_peer" => false, "verify_peer_name" => false, "allow_self_signed" => true]];
    check($smtp->connect("127.0.0.1", $number, 60, $options), $smtp, "connect");
    check($smtp->hello("client.example.net"), $smtp, "EHLO");
    check($smtp->startTLS(), $smtp, "STARTTLS");
    check($smtp->hello("client.example.net"), $smtp, "EHLO");
    check($smtp->authenticate("bob", getenv("PASSWORD"), "PLAIN"), $smtp, "AUTH");
    check($smtp->mail("bob@example.test"), $smtp, "MAIL");
    check($smtp->recipient($recipient), $smtp, "RCPT");
    check($smtp->data(file_get_contents($path)), $smtp, "DATA");
    $smtp->quit();
}
