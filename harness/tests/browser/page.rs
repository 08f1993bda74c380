//! A page in a browser: what a person does with it and what can be asked of it. Every wait has a limit.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::chromium::Chromium;

/// How long a page may take for one thing: less than the browser may take to say that it did not come.
const LIMIT: Duration = Duration::from_secs(30);

/// An open page, in a browser of its own.
pub(crate) struct Page {
    browser: Chromium,
    session: String,
}

impl Page {
    /// Opens a page by its URL, in a window of 1200 by 900 pixels and in light colours, and waits until it is loaded.
    pub(crate) fn open(url: &str) -> Self {
        let mut browser = Chromium::start();
        let target = browser.send(None, "Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.send(None, "Target.attachToTarget", attach);
        let session = attached["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        let mut page = Self { browser, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.send(&format!("{domain}.enable"), json!({}));
        }
        page.size(1200, 900);
        page.dark(false);
        page.go(url);
        page
    }

    /// Opens a file.
    pub(crate) fn open_file(file: &Path) -> Self {
        Self::open(&format!("file://{}", file.display()))
    }

    /// Goes to another URL, and waits until it is loaded.
    pub(crate) fn go(&mut self, url: &str) {
        let went = self.send("Page.navigate", json!({"url": url}));
        assert!(went["errorText"].is_null(), "{url}: {went}");
        // Within a document nothing is loaded.
        if !went["loaderId"].is_null() {
            self.browser.event("Page.loadEventFired");
        }
    }

    fn send(&mut self, method: &str, params: Value) -> Value {
        let session = self.session.clone();
        self.browser.send(Some(&session), method, params)
    }

    /// The size of the window, in CSS pixels. Below 600 it is a phone's.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let params = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.send("Emulation.setDeviceMetricsOverride", params);
    }

    /// Whether the reader likes it dark.
    pub(crate) fn dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.send("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// The value of an expression; a promise's, once it has one.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true,
        });
        let result = self.send("Runtime.evaluate", params);
        let thrown = &result["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        result["result"]["value"].clone()
    }

    /// The text of an expression's value.
    pub(crate) fn text(&mut self, expression: &str) -> String {
        match self.eval(expression) {
            Value::String(text) => text,
            other => panic!("{expression} is no text: {other}"),
        }
    }

    /// Waits until an expression is true.
    pub(crate) fn until(&mut self, expression: &str) {
        let ms = LIMIT.as_millis();
        let waits = format!(
            "new Promise(done => {{
                const end = performance.now() + {ms};
                const ask = () => {{
                    if ({expression}) done(true);
                    else if (performance.now() > end) done(false);
                    else setTimeout(ask, 20);
                }};
                ask();
            }})"
        );
        let came = self.eval(&waits);
        assert_eq!(came, json!(true), "not within {LIMIT:?}: {expression}");
    }

    /// Clicks in the middle of the first element that a selector finds, once it is there, with a real pointer.
    pub(crate) fn click(&mut self, selector: &str) {
        let quoted = json!(selector).to_string();
        self.until(&format!("document.querySelector({quoted})"));
        let place = self.eval(&format!(
            "(() => {{
                const it = document.querySelector({quoted});
                it.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
                const box = it.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.send("Input.dispatchMouseEvent", params);
        }
    }

    /// Presses a key by its name, as `ArrowDown` or `Enter`.
    pub(crate) fn key(&mut self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            one if one.chars().count() == 1 => one,
            _ => "",
        };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        let kind = if text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        let params =
            |kind| json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
        self.send("Input.dispatchKeyEvent", params(kind));
        self.send("Input.dispatchKeyEvent", params("keyUp"));
    }

    /// Types a text into whatever has the focus.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.send("Input.insertText", json!({"text": text}));
    }

    /// A picture of what is in the window, or of the whole page, as a PNG.
    pub(crate) fn screenshot(&mut self, file: &Path, whole: bool) {
        let params = json!({"format": "png", "captureBeyondViewport": whole});
        let params = if whole {
            let size = self.eval(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]",
            );
            let mut params = params;
            params["clip"] =
                json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
            params
        } else {
            params
        };
        let shot = self.send("Page.captureScreenshot", params);
        let data = shot["data"].as_str().expect("a picture");
        let bytes = BASE64_STANDARD.decode(data).expect("base64");
        fs::write(file, bytes).expect("written");
    }

    /// Lets the page save files, and returns the directory where they go.
    pub(crate) fn downloads(&mut self) -> PathBuf {
        let place = self.browser.home().join("downloads");
        fs::create_dir_all(&place).expect("made");
        let params = json!({"behavior": "allow", "downloadPath": place, "eventsEnabled": true});
        self.browser
            .send(None, "Browser.setDownloadBehavior", params);
        place
    }

    /// Waits until a file is saved, and returns its name.
    pub(crate) fn saved(&mut self) -> String {
        let began = self.browser.event("Browser.downloadWillBegin");
        loop {
            let progress = self.browser.event("Browser.downloadProgress");
            if progress["state"] == "completed" {
                break;
            }
            assert_ne!(progress["state"], "canceled", "{began}");
        }
        began["suggestedFilename"]
            .as_str()
            .expect("a name")
            .to_owned()
    }

    /// Fails if the page threw anything, logged an error, broke its own policy, or asked for anything but files of this
    /// machine and what those addresses begin with.
    pub(crate) fn is_clean(&mut self, may_ask: &[&str]) {
        // What happened before this answer has been heard of when it is there.
        self.eval("1");
        let thrown = self.browser.seen("Runtime.exceptionThrown");
        assert!(thrown.is_empty(), "{thrown:?}");
        let logged: Vec<_> = self.browser.seen("Log.entryAdded");
        let errors: Vec<_> = logged
            .iter()
            .filter(|l| l["entry"]["level"] == "error")
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        for request in self.browser.seen("Network.requestWillBeSent") {
            let url = request["request"]["url"].as_str().expect("a URL");
            let may = ["file:", "about:", "data:", "blob:"].iter().chain(may_ask);
            assert!(
                may.clone().any(|start| url.starts_with(start)),
                "asked for {url}"
            );
        }
    }
}
