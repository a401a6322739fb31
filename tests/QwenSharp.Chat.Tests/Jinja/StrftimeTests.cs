namespace QwenSharp.Chat.Tests.Jinja;

/// <summary>The clock of <c>strftime_now</c> is the caller's.</summary>
public sealed class StrftimeTests
{
    [Theory]
    [InlineData("%Y-%m-%d %H:%M:%S", "2024-03-05 14:07:09")]
    [InlineData("%d %b %Y, %A %B %a", "05 Mar 2024, Tuesday March Tue")]
    [InlineData("%-d %-m %-H %e|%I %p %y %j", "5 3 14  5|02 PM 24 065")]
    [InlineData("%F %T %R %D %c", "2024-03-05 14:07:09 14:07 03/05/24 Tue Mar  5 14:07:09 2024")]
    [InlineData("%U %W %V %G %u %w %f %%", "09 10 10 2024 2 2 123456 %")]
    public void Formats_as_C_does(string format, string expected)
    {
        ChatTemplateOptions options = new() { Clock = new Clock() };
        Assert.Equal(expected, Templates.Render("{{ strftime_now('" + format + "') }}", options: options).Text);
    }

    private sealed class Clock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2024, 3, 5, 14, 7, 9, 123, TimeSpan.Zero).AddMicroseconds(456);
    }
}
