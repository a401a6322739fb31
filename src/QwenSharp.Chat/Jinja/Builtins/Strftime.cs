using System.Globalization;
using System.Text;

namespace QwenSharp.Chat.Jinja.Builtins;

/// <summary>The local time written as C's <c>strftime</c> does in the C locale; <c>-</c> after the % leaves out padding.</summary>
internal static class Strftime
{
    public static string Format(TimeProvider clock, string format)
    {
        DateTimeOffset now = clock.GetLocalNow();
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            bool bare = format[i + 1] is '-' or '#' && i + 2 < format.Length;
            char directive = format[i += bare ? 2 : 1];
            string? written = Directive(now, directive);
            text.Append(written is null ? $"%{(bare ? "-" : string.Empty)}{directive}" : bare ? Unpadded(written) : written);
        }

        return text.ToString();
    }

    private static string? Directive(DateTimeOffset now, char directive) => directive switch
    {
        'Y' => Number(now.Year, 4),
        'y' => Date(now, "yy"),
        'm' => Date(now, "MM"),
        'd' => Date(now, "dd"),
        'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'H' => Date(now, "HH"),
        'I' => Date(now, "hh"),
        'k' => now.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'l' => Date(now, "%h").PadLeft(2),
        'M' => Date(now, "mm"),
        'S' => Date(now, "ss"),
        'f' => Date(now, "ffffff"),
        'p' => now.Hour < 12 ? "AM" : "PM",
        'P' => now.Hour < 12 ? "am" : "pm",
        'A' => Date(now, "dddd"),
        'a' => Date(now, "ddd"),
        'B' => Date(now, "MMMM"),
        'b' or 'h' => Date(now, "MMM"),
        'j' => Number(now.DayOfYear, 3),
        'u' => Number(now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek, 1),
        'w' => Number((int)now.DayOfWeek, 1),
        // Weeks that start on Sunday, on Monday, and ISO 8601's.
        'U' => Number((now.DayOfYear + 6 - (int)now.DayOfWeek) / 7, 2),
        'W' => Number((now.DayOfYear + 6 - (((int)now.DayOfWeek + 6) % 7)) / 7, 2),
        'V' => Number(ISOWeek.GetWeekOfYear(now.DateTime), 2),
        'G' => Number(ISOWeek.GetYear(now.DateTime), 4),
        'C' => Number(now.Year / 100, 2),
        'c' => $"{Date(now, "ddd MMM")} {now.Day,2} {Date(now, "HH':'mm':'ss yyyy")}",
        'x' or 'D' => Date(now, "MM'/'dd'/'yy"),
        'X' or 'T' => Date(now, "HH':'mm':'ss"),
        'F' => Date(now, "yyyy'-'MM'-'dd"),
        'R' => Date(now, "HH':'mm"),
        'r' => Date(now, "hh':'mm':'ss ") + (now.Hour < 12 ? "AM" : "PM"),
        's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        // Python's now() has no zone.
        'z' or 'Z' => string.Empty,
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static string Date(DateTimeOffset now, string format) => now.ToString(format, CultureInfo.InvariantCulture);

    private static string Number(int value, int digits) => value.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');

    private static string Unpadded(string written) =>
        written.TrimStart('0', ' ') is { Length: > 0 } bare ? bare
        : written.Length > 0 ? written[^1..]
        : written;
}
