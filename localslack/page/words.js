// The page's own words, in the language of the person acted as. App text is never touched.

const EN = {
  tagline: "Local Slack — nothing leaves this machine", clock: "Workspace clock", frozen: "stopped",
  actAs: "Acting as", find: "Find a person", nobody: "Nobody matches.", deactivated: "Deactivated",
  apps: "Apps", channels: "Channels", groups: "Group messages", messages: "Messages", home: "Home",
  today: "Today", yesterday: "Yesterday", edited: "(edited)", app: "APP", onlyYou: "Only visible to you",
  reply: "Reply in thread", replies: (n) => (n === 1 ? "1 reply" : `${n} replies`), thread: "Thread",
  lastReply: "Last reply", close: "Close", back: "Back", more: "More actions", send: "Send", attach: "Attach a file",
  writeTo: (name) => `Message ${name}`, writeReply: "Reply…", emptyDm: (name) => `This is the start of your messages with ${name}.`,
  emptyDmHint: "Nothing has been sent yet. When the app writes, it appears here.",
  emptyChannel: (name) => `This is the start of #${name}.`, noHome: "The app has not published a Home for you yet.",
  openHome: "Open the Home again", noAnswer: "The app did not respond. Try again.",
  noConnection: "No app is connected to this workspace.", trouble: "We had some trouble connecting. Try again?",
  choose: "Choose an option", chooseMany: "Choose options", choosePerson: "Choose a person", choosePeople: "Choose people", optional: "(optional)", confirm: "Yes",
  deny: "Cancel", upload: "Choose files", uploading: "Uploading…", remove: (name) => `Remove ${name}`,
  image: "Image not loaded: the address is outside this machine", unread: (n) => `${n} unread`, options: "More options",
  near: ["yesterday", "today", "tomorrow"], download: "Download", you: "you",
};

const JA = {
  tagline: "Local Slack — データはこのコンピューターの外に出ません", clock: "ワークスペースの時刻", frozen: "停止中",
  actAs: "操作中のユーザー", find: "メンバーを検索", nobody: "該当するメンバーがいません。", deactivated: "利用停止",
  apps: "App", channels: "チャンネル", groups: "グループ DM", messages: "メッセージ", home: "ホーム",
  today: "今日", yesterday: "昨日", edited: "(編集済み)", app: "アプリ", onlyYou: "あなただけに表示されています",
  reply: "スレッドで返信する", replies: (n) => `${n} 件の返信`, thread: "スレッド",
  lastReply: "最終返信", close: "閉じる", back: "戻る", more: "その他の操作", send: "送信", attach: "ファイルを添付",
  writeTo: (name) => `${name} へのメッセージ`, writeReply: "返信する…", emptyDm: (name) => `${name} とのメッセージはここから始まります。`,
  emptyDmHint: "まだメッセージはありません。アプリからのメッセージがここに表示されます。",
  emptyChannel: (name) => `#${name} はここから始まります。`, noHome: "アプリのホームはまだ公開されていません。",
  openHome: "ホームを開き直す", noAnswer: "アプリから応答がありませんでした。もう一度お試しください。",
  noConnection: "このワークスペースに接続中のアプリがありません。", trouble: "接続に問題が発生しました。もう一度お試しください。",
  choose: "選択してください", chooseMany: "複数選択できます", choosePerson: "メンバーを選択", choosePeople: "メンバーを選択", optional: "(任意)", confirm: "はい",
  deny: "キャンセル", upload: "ファイルを選択", uploading: "アップロード中…", remove: (name) => `${name} を削除`,
  image: "画像は表示されません(このコンピューターの外のアドレスです)", unread: (n) => `未読 ${n} 件`, options: "その他のオプション",
  near: ["昨日", "今日", "明日"], download: "ダウンロード", you: "あなた",
};

export function wordsFor(locale) {
  return locale.startsWith("ja") ? JA : EN;
}

export function formatter(locale, tz) {
  const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: tz, ...options });
  const time = format({ hour: "numeric", minute: "2-digit" });
  const day = format({ weekday: "long", month: "long", day: "numeric" });
  const key = new Intl.DateTimeFormat("en-CA", { timeZone: tz, year: "numeric", month: "2-digit", day: "2-digit" });
  const make = (shape) => (seconds) => shape.format(new Date(seconds * 1000));
  return {
    time: make(time), day: make(day), dayKey: make(key),
    full: make(format({ dateStyle: "full", timeStyle: "medium" })),
    short: make(format({ weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" })),
    year: make(format({ year: "numeric", month: "long", day: "numeric" })),
    of: (options) => make(format(options)),
  };
}

// "today", "yesterday" or "tomorrow" inside a sentence, or null.
export function nearDay(seconds, now, words, dates) {
  const at = [-1, 0, 1].findIndex((days) => dates.dayKey(now + days * 86400) === dates.dayKey(seconds));
  return at < 0 ? null : words.near[at];
}

export function dayName(seconds, now, words, dates) {
  const key = dates.dayKey(seconds);
  if (key === dates.dayKey(now)) return words.today;
  if (key === dates.dayKey(now - 86400)) return words.yesterday;
  return key.slice(0, 4) === dates.dayKey(now).slice(0, 4) ? dates.day(seconds) : dates.year(seconds);
}
