// A message as nodemailer composes it, or a file that it sends: nodemailer.js compose NUMBER TEXT PATH;
// nodemailer.js send PORT SOURCE PATH RECIPIENT.
"use strict";
const fs = require("fs");
const nodemailer = require("/usr/share/nodejs/nodemailer");

const bob = "bob@example.test";
const [command, number, ...rest] = process.argv.slice(2);

async function compose(text, path) {
    const names = [bob, { name: "Bob", address: bob }, `"Builder, Böb" <${bob}>`, { name: "Bob (Sales) @ work", address: bob }];
    const message = {
        from: names[number % 4], to: "Mary <mary@example.test>", subject: `Grüße ${number}`, text,
        textEncoding: ["base64", "quoted-printable"][number % 2],
    };
    if (number % 3 === 0) {
        message.html = `<p>${number}</p>`;
        message.attachments = [{ filename: `Grüße ${number}.txt`, content: text }];
    }
    const stream = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: number % 2 ? "windows" : "unix" });
    fs.writeFileSync(path, (await stream.sendMail(message)).message);
}

async function send(source, path, recipient) {
    const smtp = nodemailer.createTransport({
        host: "127.0.0.1", port: Number(number), name: "client.example.net", localAddress: source, requireTLS: true,
        tls: { rejectUnauthorized: false }, auth: { user: "bob", pass: process.env.PASSWORD }, authMethod: "PLAIN",
    });
    await smtp.sendMail({ envelope: { from: bob, to: recipient }, raw: fs.readFileSync(path) });
    smtp.close();
}

(command === "compose" ? compose : send)(...rest).catch((error) => {
    console.error(error);
    process.exit(1);
});
