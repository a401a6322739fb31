namespace QwenSharp.Formats.Tests;

/// <summary>What numbers of sampling mean, whatever engine wrote them.</summary>
public class SamplingSettingTests
{
    [Theory]
    [InlineData("temp", 0, 0, false)]
    [InlineData("temp", 0.5, 0.5, false)]
    [InlineData("top_k", -1, 0, true)]
    [InlineData("top_k", 0, 0, false)]
    [InlineData("top_k", 20, 20, false)]
    [InlineData("top_p", 1, 1, false)]
    [InlineData("top_p", 0, 1e-6, true)]
    [InlineData("min_p", 0, 0, false)]
    [InlineData("penalty_repeat", 0, 1, true)]
    [InlineData("penalty_repeat", 1.05, 1.05, false)]
    [InlineData("penalty_last_n", -1, -1, false)]
    public void A_number_means_what_other_engines_mean_by_it(string name, double value, double meant, bool isRepaired)
    {
        SamplingReading reading = Setting(name).Read(value);

        Assert.Equal((meant, null), (reading.Value, reading.Fault));
        Assert.Equal(isRepaired, reading.Repair is not null);
    }

    [Theory]
    [InlineData("temp", -1, "is -1; it must be at least 0")]
    [InlineData("temp", double.NaN, "it must be at least 0")]
    [InlineData("top_k", 0.5, "is 0.5; it must be a whole number")]
    [InlineData("top_p", 1.5, "is 1.5; it must be from 0 to 1")]
    [InlineData("top_p", -0.1, "it must be from 0 to 1")]
    [InlineData("min_p", 2, "is 2; it must be from 0 to 1")]
    [InlineData("penalty_repeat", -2, "is -2; it must be at least 0")]
    [InlineData("penalty_last_n", -2, "is -2; it must be at least -1")]
    public void A_number_that_means_nothing_is_refused(string name, double value, string fault) =>
        Assert.Contains(fault, Setting(name).Read(value).Fault, StringComparison.Ordinal);

    [Fact]
    public void Minus_one_is_read_in_any_integer_type()
    {
        foreach (GgufValue off in (GgufValue[])[-1, GgufValue.Of((sbyte)-1), GgufValue.Of(-1L), uint.MaxValue])
        {
            GgufMetadata metadata = new("made.gguf", new OrderedDictionary<string, GgufValue> { ["general.sampling.top_k"] = off });

            Assert.True(SamplingSetting.TopK.TryGet(metadata, out SamplingReading reading));
            Assert.Equal(0, reading.Value);
        }
    }

    private static SamplingSetting Setting(string name) => SamplingSetting.All.Single(setting => setting.Name == name);
}
