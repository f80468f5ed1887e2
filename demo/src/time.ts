const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** For example "20 Nov, 16:42". */
export const dayAndTime = (iso: string): string => `${day.format(new Date(iso))}, ${minutes.format(new Date(iso))}`;

/** For example "16:42:07", and with its day if that is not today. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  const time = seconds.format(date);
  return date.toDateString() === new Date().toDateString() ? time : `${day.format(date)}, ${time}`;
}
