//! RemoteMonitor: sends the logs of each epoch to a server. Keras: `keras.callbacks.RemoteMonitor`.

use super::Callback;
use super::number_format::as_in_python;
use crate::model::Model;
use crate::{Logs, Result};
use candle_keras_ops::{Error, warnings};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Sends the index and the logs of each epoch to a server, as JSON in an HTTP POST. A server that cannot be reached is a warning.
///
/// ```
/// use candle_keras_models::callbacks::RemoteMonitor;
/// let monitor = RemoteMonitor::new().root("http://localhost:9000").send_as_json(true);
/// # drop(monitor);
/// ```
///
/// # Differences from Keras
/// `http://` alone is supported, not `https://`. A server has five seconds to answer. A value that is NaN or infinite is `null`, since JSON has no such numbers.
#[derive(Debug, Clone)]
#[must_use]
pub struct RemoteMonitor {
    root: String,
    path: String,
    field: String,
    headers: Vec<(String, String)>,
    send_as_json: bool,
}

impl Default for RemoteMonitor {
    fn default() -> Self {
        Self {
            root: "http://localhost:9000".into(),
            path: "/publish/epoch/end/".into(),
            field: "data".into(),
            headers: Vec::new(),
            send_as_json: false,
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(5);

impl RemoteMonitor {
    /// Keras's defaults: a form with the field `data`, to `http://localhost:9000/publish/epoch/end/`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The address of the server.
    pub fn root(mut self, root: impl Into<String>) -> Self {
        self.root = root.into();
        self
    }

    /// The path after the address.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The field of the form that has the JSON.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    /// Additional headers of the request, by name.
    pub fn headers<const N: usize>(mut self, headers: [(&str, &str); N]) -> Self {
        self.headers = headers.map(|(name, value)| (name.into(), value.into())).into();
        self
    }

    /// Whether the request is JSON itself, not a form. Default: false.
    pub fn send_as_json(mut self, send_as_json: bool) -> Self {
        self.send_as_json = send_as_json;
        self
    }

    /// The machine with its port, and the path of the request.
    fn address(&self) -> Result<(&str, String)> {
        let wrong = |what: &str, received: &str| {
            let error = Error::new(format!("{what} of RemoteMonitor cannot be sent")).received(format!("{received:?}"));
            Err(error)
        };
        let Some(rest) = self.root.strip_prefix("http://").filter(|rest| !rest.is_empty() && !rest.starts_with('/'))
        else {
            return wrong("the root", &self.root).map_err(|error: Error| {
                error.expected("http://, a machine and a port, such as \"http://localhost:9000\"")
            });
        };
        let (machine, prefix) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let path = format!("{prefix}{}", self.path);
        if let Some(bad) = [machine, &path].into_iter().find(|text| text.contains(|c: char| c.is_control() || c == ' '))
        {
            return wrong("an address", bad);
        }
        let lines = |text: &str| text.contains(|c: char| c.is_control());
        if let Some((name, _)) = self.headers.iter().find(|(name, value)| lines(name) || lines(value)) {
            return wrong("a header", name);
        }
        Ok((machine, if path.starts_with('/') { path } else { format!("/{path}") }))
    }

    /// The request: its head and its body.
    fn request(&self, machine: &str, path: &str, json: &str) -> String {
        let (kind, body) = match self.send_as_json {
            true => ("application/json", json.to_string()),
            false => ("application/x-www-form-urlencoded", format!("{}={}", in_form(&self.field), in_form(json))),
        };
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {machine}\r\nConnection: close\r\n{headers}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// Sends a request and waits for the beginning of the answer.
fn send(machine: &str, request: &str) -> io::Result<()> {
    let has_port = machine.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let target = if has_port { machine.to_string() } else { format!("{machine}:80") };
    let mut failure = io::Error::other("the name has no address");
    for address in target.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(mut stream) => {
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.write_all(request.as_bytes())?;
                return stream.read_exact(&mut [0; 4]);
            }
            Err(cause) => failure = cause,
        }
    }
    Err(failure)
}

/// The logs as Python's `json.dumps` writes them.
fn json_of(epoch: usize, logs: &Logs) -> String {
    let mut json = format!("{{\"epoch\": {epoch}");
    for (name, value) in logs.iter() {
        let value = if value.is_finite() { as_in_python(value) } else { "null".into() };
        _ = write!(json, ", {}: {value}", serde_json::Value::from(name));
    }
    json + "}"
}

/// Text in a form: a space is `+`, and all but letters, digits and `_.-~` is in hexadecimal.
fn in_form(text: &str) -> String {
    let one = |byte: u8| match byte {
        b' ' => "+".into(),
        b'_' | b'.' | b'-' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

impl Callback for RemoteMonitor {
    fn on_train_begin(&mut self, _: &mut Model, _: &Logs) -> Result<()> {
        self.address().map(|_| ())
    }

    fn on_epoch_end(&mut self, _: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        let (machine, path) = self.address()?;
        if let Err(cause) = send(machine, &self.request(machine, &path, &json_of(epoch, logs))) {
            warnings::warn(format!("RemoteMonitor could not reach the server at {}: {cause}", self.root));
        }
        Ok(())
    }

    fn reads_logs_of(&self, _: usize) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sequential;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    /// The head and the body of a request that a server gets.
    fn received(monitor: impl Fn(String) -> RemoteMonitor) -> (String, String) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", server.local_addr().unwrap());
        let answer = std::thread::spawn(move || {
            let mut stream = BufReader::new(server.accept().unwrap().0);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                stream.read_line(&mut head).unwrap();
            }
            let length = head.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            (head, String::from_utf8(body).unwrap())
        });
        let (mut model, mut monitor) = (Sequential::new(Vec::new()), monitor(root));
        monitor.on_train_begin(&mut model, &Logs::default()).unwrap();
        monitor.on_epoch_end(&mut model, 0, &Logs::from([("loss", 0.5), ("val_loss", 1e-7)])).unwrap();
        answer.join().unwrap()
    }

    /// The bodies, the path and the types are those that Keras 3.15.1 with requests sends for these logs.
    #[test]
    fn requests_are_those_of_keras() {
        let (head, body) = received(|root| RemoteMonitor::new().root(root).headers([("X-Run", "7")]));
        assert_eq!(body, "data=%7B%22epoch%22%3A+0%2C+%22loss%22%3A+0.5%2C+%22val_loss%22%3A+1e-07%7D");
        assert!(head.starts_with("POST /publish/epoch/end/ HTTP/1.1\r\n"), "{head}");
        assert!(
            head.contains("\r\nX-Run: 7\r\n") && head.contains("Content-Type: application/x-www-form-urlencoded\r\n")
        );
        let (head, body) = received(|root| RemoteMonitor::new().root(root + "/runs").path("/7").send_as_json(true));
        assert_eq!(body, r#"{"epoch": 0, "loss": 0.5, "val_loss": 1e-07}"#);
        assert!(head.starts_with("POST /runs/7 HTTP/1.1\r\n") && head.contains("Content-Type: application/json\r\n"));
    }

    #[test]
    fn a_server_that_is_not_there_is_a_warning() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut monitor = RemoteMonitor::new().root(format!("http://127.0.0.1:{port}"));
        let mut model = Sequential::new(Vec::new());
        let (sent, caught) = warnings::catch(|| monitor.on_epoch_end(&mut model, 0, &Logs::default()));
        assert!(sent.is_ok() && caught[0].starts_with("RemoteMonitor could not reach the server at http://127"));
        for root in ["https://localhost", "http://", "localhost:9000", "http://a b"] {
            let error = RemoteMonitor::new().root(root).on_train_begin(&mut model, &Logs::default()).unwrap_err();
            assert!(error.to_string().contains("RemoteMonitor"), "{error}");
        }
        let header = RemoteMonitor::new().headers([("X", "1\r\nHost: b")]).on_train_begin(&mut model, &Logs::default());
        assert!(header.is_err());
        assert_eq!(json_of(3, &Logs::from([("a\"", f64::NAN)])), "{\"epoch\": 3, \"a\\\"\": null}");
    }
}
