using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests;

public class ProviderKindTests
{
    [Fact]
    public void Every_kind_has_a_word_that_names_it()
    {
        ProviderKind[] kinds = Enum.GetValues<ProviderKind>();
        Assert.Equal(kinds.Length, ProviderKinds.All.Count);
        Assert.All(kinds, kind => Assert.Equal(kind, ProviderKinds.Parse(ProviderKinds.Word(kind))));
        Assert.Null(ProviderKinds.Parse("unheard-of"));
        Assert.Null(ProviderKinds.Parse(null));
    }
}
