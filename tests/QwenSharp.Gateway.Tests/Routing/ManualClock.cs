namespace QwenSharp.Gateway.Tests.Routing;

/// <summary>A clock that a test moves. Timers are those of the system.</summary>
internal sealed class ManualClock : TimeProvider
{
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => _passed += time;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _passed;

    public override long GetTimestamp() => _passed.Ticks;
}
