// The common shortcodes; an unknown one stays as written, as in Slack.
const TABLE = `
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|wave 👋|clap 👏|raised_hands 🙌|pray 🙏|muscle 💪|point_right 👉|point_left 👈
point_up ☝️|point_down 👇|eyes 👀|smile 😄|smiley 😃|grinning 😀|slightly_smiling_face 🙂|wink 😉|blush 😊|joy 😂|sob 😭|cry 😢
thinking_face 🤔|neutral_face 😐|confused 😕|worried 😟|sweat_smile 😅|sunglasses 😎|heart ❤️|blue_heart 💙|green_heart 💚|broken_heart 💔
tada 🎉|sparkles ✨|star ⭐|star2 🌟|fire 🔥|rocket 🚀|zap ⚡|boom 💥|100 💯|trophy 🏆|medal 🏅|gift 🎁|balloon 🎈
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑
rotating_light 🚨|bell 🔔|no_bell 🔕|exclamation ❗|question ❓|grey_question ❔|bangbang ‼️|information_source ℹ️|bulb 💡|mag 🔍|mag_right 🔎
lock 🔒|unlock 🔓|key 🔑|shield 🛡️|wrench 🔧|hammer 🔨|gear ⚙️|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|triangular_flag_on_post 🚩
memo 📝|pencil 📝|pencil2 ✏️|page_facing_up 📄|page_with_curl 📃|clipboard 📋|bookmark 🔖|books 📚|book 📖|scroll 📜|newspaper 📰|file_folder 📁|open_file_folder 📂|card_index_dividers 🗂️|inbox_tray 📥|outbox_tray 📤|package 📦|email 📧|envelope ✉️|incoming_envelope 📨|mailbox 📫
calendar 📅|date 📅|spiral_calendar_pad 🗓️|alarm_clock ⏰|clock 🕒|stopwatch ⏱️|hourglass ⌛|hourglass_flowing_sand ⏳|zzz 💤
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|moneybag 💰|robot_face 🤖|computer 💻|satellite 🛰️|telephone ☎️|speech_balloon 💬|thought_balloon 💭|loudspeaker 📢|mega 📣
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|white_circle ⚪|black_circle ⚫|large_purple_circle 🟣|small_red_triangle 🔺|small_blue_diamond 🔹|small_orange_diamond 🔸|black_small_square ▪️|white_small_square ▫️
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrows_counterclockwise 🔄|repeat 🔁|recycle ♻️|leftwards_arrow_with_hook ↩️|fast_forward ⏩|double_vertical_bar ⏸️|arrow_forward ▶️
sunny ☀️|sunrise 🌅|cloud ☁️|umbrella ☔|snowflake ❄️|seedling 🌱|herb 🌿|leaves 🍃|maple_leaf 🍁|cherry_blossom 🌸|tea 🍵|coffee ☕|beer 🍺|cake 🍰|pizza 🍕
bust_in_silhouette 👤|busts_in_silhouette 👥|office 🏢|house 🏠|airplane ✈️|earth_asia 🌏|earth_americas 🌎|earth_africa 🌍|jp 🇯🇵|us 🇺🇸|gb 🇬🇧|eu 🇪🇺|flag-jp 🇯🇵
one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|keycap_ten 🔟|new 🆕|ok 🆗|sos 🆘|free 🆓|scales ⚖️|microscope 🔬|test_tube 🧪|brain 🧠|compass 🧭|dart 🎯|wheel 🛞|ferris_wheel 🎡`;

export const EMOJI = new Map(TABLE.trim().split(/[|\n]/).map((row) => row.trim().split(" ")));

// A machine without a colour emoji font shows boxes. There, common signs are drawn with plain glyphs and a tint,
// and the others stay readable as their shortcode.
export const FALLBACK = {
  red_circle: ["●", "red"], large_orange_circle: ["●", "orange"], large_yellow_circle: ["●", "yellow"], large_green_circle: ["●", "green"],
  large_blue_circle: ["●", "blue"], large_purple_circle: ["●", "purple"], white_check_mark: ["✔", "green"], x: ["✘", "red"], rotating_light: ["▲", "red"],
  triangular_flag_on_post: ["▶", "red"], bell: ["♪", ""], star2: ["★", "yellow"], hourglass_flowing_sand: ["◔", ""], hourglass: ["◔", ""], memo: ["✎", ""], pencil: ["✎", ""],
  arrows_counterclockwise: ["↻", "blue"], repeat: ["↻", ""], calendar: ["▦", ""], date: ["▦", ""], spiral_calendar_pad: ["▦", ""], chart_with_upwards_trend: ["↗", "green"],
  chart_with_downwards_trend: ["↘", "red"], link: ["⧉", ""], no_entry: ["⊖", "red"], no_entry_sign: ["⊘", "red"], tada: ["★", "yellow"], sparkles: ["✦", "yellow"], clipboard: ["▤", ""],
  page_facing_up: ["▤", ""], inbox_tray: ["⤓", ""], outbox_tray: ["⤒", ""], octagonal_sign: ["■", "red"], large_blue_diamond: ["◆", "blue"], alarm_clock: ["◷", ""],
};

const drawn = new Map();
let pen = null;

function pixels(sign) {
  pen ||= Object.assign(document.createElement("canvas"), { width: 24, height: 24 }).getContext("2d", { willReadFrequently: true });
  pen.clearRect(0, 0, 24, 24);
  pen.font = "16px sans-serif";
  pen.fillText(sign, 2, 18);
  return pen.getImageData(0, 0, 24, 24).data.join();
}

export function canDraw(sign) {
  // U+1FAFF and U+10FFFD are in no font: whatever they look like is "missing".
  if (!drawn.has(sign)) drawn.set(sign, ![pixels("\u{1FAFF}"), pixels("\u{10FFFD}")].includes(pixels(sign)));
  return drawn.get(sign);
}

export function emojiText(name) {
  const sign = EMOJI.get(name);
  if (!sign) return "";
  return canDraw(sign) ? sign : FALLBACK[name]?.[0] || `:${name}:`;
}
