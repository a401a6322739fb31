namespace QwenSharp.Engine.Tests;

/// <summary>A processor whose step takes 20 ms, and 2 ms more for each row.</summary>
public class PrefillPaceTests
{
    private readonly PrefillPace _pace = new(most: 128);

    [Fact]
    public void Until_decoding_was_measured_by_itself_a_step_takes_some_tokens_and_then_leaves_one_to_measure_it()
    {
        int steps = 0;
        for (; _pace.Tokens(1) is var tokens && tokens > 0; steps++)
        {
            Assert.InRange(tokens, 8, 128);
            Step(1, tokens);
        }

        Assert.InRange(steps, 1, 100);
        Step(1, 0);
        Assert.InRange(_pace.Tokens(1), 1, 128);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(32)]
    public void A_step_with_prefill_takes_less_than_two_and_a_half_times_what_decoding_takes(int decoding)
    {
        Run(decoding, 100);

        int tokens = _pace.Tokens(decoding);
        Assert.InRange(Seconds(decoding, tokens), 1.5 * Seconds(decoding, 0), 2.5 * Seconds(decoding, 0));
    }

    [Fact]
    public void Sequences_that_begin_to_decode_while_prompts_keep_coming_make_room_for_more_prefill()
    {
        Run(1, 100);
        int few = _pace.Tokens(1);
        for (int decoding = 2; decoding <= 16; decoding++)
            Step(decoding, Math.Max(1, _pace.Tokens(decoding)));

        Assert.InRange(_pace.Tokens(16), few + 8, 128);
    }

    [Fact]
    public void Prompts_that_keep_coming_leave_a_step_of_decoding_alone_now_and_then()
    {
        Assert.InRange(Run(4, 200), 3, 12);
    }

    [Fact]
    public void A_step_that_was_held_up_once_changes_little()
    {
        Run(8, 100);
        int before = _pace.Tokens(8);
        _pace.Observe(8, before, 3);
        Run(8, 60);

        Assert.InRange(_pace.Tokens(8), 3 * before / 4, 5 * before / 4);
    }

    /// <summary>Takes so many steps with as much prefill as they may have, and says how many had none.</summary>
    private int Run(int decoding, int steps)
    {
        int quiet = 0;
        for (int i = 0; i < steps; i++)
        {
            int tokens = _pace.Tokens(decoding);
            quiet += tokens == 0 ? 1 : 0;
            Step(decoding, tokens);
        }

        // The next one is to have some.
        if (_pace.Tokens(decoding) == 0)
            Step(decoding, 0);

        return quiet;
    }

    private void Step(int decoding, int prefill) => _pace.Observe(decoding, prefill, Seconds(decoding, prefill));

    private static double Seconds(int decoding, int prefill) => 0.020 + (0.002 * (decoding + prefill));
}
