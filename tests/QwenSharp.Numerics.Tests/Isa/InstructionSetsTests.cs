namespace QwenSharp.Numerics.Tests;

public class InstructionSetsTests
{
    [Fact]
    public void Scalar_is_always_there_and_comes_last() => Assert.Equal(Isa.Scalar, InstructionSets.Available[^1]);

    [Fact]
    public void Nothing_forced_means_the_best() => Assert.Equal(InstructionSets.Best, InstructionSets.Select(null));

    [Theory]
    [InlineData("scalar")]
    [InlineData("SCALAR")]
    public void A_name_forces_a_family_in_any_case(string name) => Assert.Equal(Isa.Scalar, InstructionSets.Select(name));

    [Theory]
    [InlineData("sse9")]
    [InlineData("2")]
    public void An_unknown_name_is_refused_with_the_valid_ones(string name)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => InstructionSets.Select(name));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains("scalar", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_processor_lacks_is_refused()
    {
        foreach (Isa missing in Enum.GetValues<Isa>().Except(InstructionSets.Available))
            Assert.Throws<ArgumentException>(() => InstructionSets.Select(missing.ToString()));
    }

    [Fact]
    public void Compute_uses_what_it_is_told()
    {
        using CpuCompute compute = new(1, Isa.Scalar);
        Assert.Equal(Isa.Scalar, compute.Isa);
    }
}
