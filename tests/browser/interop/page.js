// What the tests let Janus's own client do. Each function is called by its name from Python.

let janus;
let say; // sends a request over the data channel, once `chat` has opened it
const heard = []; // messages of the text room

function connect(server) {
    return new Promise((resolve, reject) => {
        Janus.init({
            debug: ["warn", "error"],
            dependencies: Janus.useDefaultDependencies({ adapter }),
            callback() {
                const error = (why) => reject(new Error(why));
                janus = new Janus({ server, iceServers: [], success: resolve, error }); // it has a public default
            },
        });
    });
}

function disconnect() {
    return new Promise((success, error) => janus.destroy({ success, error }));
}

function attach(plugin, callbacks) {
    return new Promise((success, error) => {
        janus.attach({ plugin: `janus.plugin.${plugin}`, success, error, ...callbacks });
    });
}

// Publishes the camera and the microphone; returns the feed's id.
function publish(room) {
    return new Promise((resolve, reject) => {
        let feed;
        const joining = attach("videoroom", {
            async onmessage(message, jsep) {
                const handle = await joining;
                if (message.error) {
                    reject(new Error(message.error));
                } else if (message.videoroom === "joined") {
                    feed = message.id;
                    handle.createOffer({
                        tracks: ["audio", "video"].map((type) => ({ type, capture: true, recv: false })),
                        success: (offer) => handle.send({ message: { request: "publish" }, jsep: offer }),
                        error: reject,
                    });
                } else if (jsep) {
                    handle.handleRemoteJsep({ jsep });
                }
            },
            webrtcState: (up) => up && resolve(feed),
        });
        const message = { request: "join", ptype: "publisher", room, display: "the page" };
        joining.then((handle) => handle.send({ message }), reject);
    });
}

// Subscribes to a feed and plays it; returns once there is a picture.
function play(room, feed) {
    const video = document.querySelector("video");
    return new Promise((resolve, reject) => {
        video.onloadeddata = () => resolve([video.videoWidth, video.videoHeight]);
        const joining = attach("videoroom", {
            async onmessage(message, jsep) {
                const handle = await joining;
                if (message.error) {
                    reject(new Error(message.error));
                } else if (jsep) {
                    handle.createAnswer({
                        jsep,
                        tracks: [],
                        success: (answer) => handle.send({ message: { request: "start" }, jsep: answer }),
                        error: reject,
                    });
                }
            },
            onremotetrack(track, mid, on) {
                if (on && track.kind === "video") {
                    video.srcObject = new MediaStream([track]);
                }
            },
        });
        const message = { request: "join", ptype: "subscriber", room, streams: [{ feed }] };
        joining.then((handle) => handle.send({ message }), reject);
    });
}

// The picture that is shown now: base64 of its RGBA bytes, row by row.
function picture() {
    const video = document.querySelector("video");
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const bytes = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const parts = [];
    for (let start = 0; start < bytes.length; start += 8192) {
        parts.push(String.fromCharCode(...bytes.subarray(start, start + 8192)));
    }
    return { width: canvas.width, height: canvas.height, rgba: btoa(parts.join("")) };
}

// Joins a text room; what is said there is kept in `heard`.
function chat(room, username) {
    return new Promise((resolve, reject) => {
        const joining = attach("textroom", {
            async onmessage(message, jsep) {
                const handle = await joining;
                if (jsep) {
                    handle.createAnswer({
                        jsep,
                        tracks: [{ type: "data" }],
                        success: (answer) => handle.send({ message: { request: "ack" }, jsep: answer }),
                        error: reject,
                    });
                }
            },
            async ondataopen() {
                const handle = await joining;
                say = (request) =>
                    new Promise((success, error) => {
                        const text = JSON.stringify({ room, transaction: Janus.randomString(8), ...request });
                        handle.data({ text, success, error });
                    });
                await say({ textroom: "join", username });
            },
            ondata(text) {
                const message = JSON.parse(text);
                if (message.textroom === "message") {
                    heard.push([message.from, message.text]);
                } else if (message.textroom === "success" && message.participants) {
                    resolve(message.participants.map((participant) => participant.username));
                } else if (message.textroom === "error") {
                    reject(new Error(message.error));
                }
            },
        });
        joining.then((handle) => handle.send({ message: { request: "setup" } }), reject);
    });
}
