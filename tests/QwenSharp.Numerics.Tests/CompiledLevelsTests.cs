namespace QwenSharp.Numerics.Tests;

public class CompiledLevelsTests
{
    private const string Haswell = "fpu sse4_2 movbe avx f16c fma avx2 bmi1 bmi2 abm",
        Server = Haswell + " avx512f avx512bw avx512cd avx512dq avx512vl";

    [Theory]
    [InlineData("fpu sse4_2 avx", "106", null, "")]
    [InlineData(Haswell, "60", null, "avx2")]
    [InlineData(Haswell, "60", "avx512", "avx2")]
    [InlineData(Haswell + " avx512f", "106", null, "avx2")]
    [InlineData(Server, "106", null, "avx512 avx2")]
    [InlineData(Server, "85", null, "avx2")]
    [InlineData(Server, "85", "AVX512", "avx512 avx2")]
    [InlineData(Server, "85", "avx512vnni", "avx512 avx2")]
    [InlineData(Server, "85", "scalar", "avx2")]
    public void The_best_level_is_the_widest_that_does_not_lower_the_clock(string flags, string model, string? forced, string levels)
    {
        string description = $"""
            processor	: 0
            vendor_id	: GenuineIntel
            cpu family	: 6
            model		: {model}
            model name	: Xeon
            flags		: {flags}
            bugs		: none
            """;
        Assert.Equal(levels, string.Join(' ', CompiledLevels.Runnable(description, forced)));
    }

    [Fact]
    public void A_processor_that_is_not_described_has_the_plainest_level() => Assert.Empty(CompiledLevels.Runnable("", null));

    [Fact]
    public void Compiled_just_in_time_the_program_goes_on_as_itself() => CompiledLevels.Continue([]);
}
